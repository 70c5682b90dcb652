// Which of two drawings of a thing is the newer. Drawings come live, in order, and as
// answers to requests, which were drawn at some moment between asking and hearing: by the
// time an answer is here, something newer may have come live.

let clock = 0

const cameAt = new Map() // {element id: when its last live drawing came}
const asking = new Map() // {element id: the live drawing held back for a request, or null}

// A live drawing: `show` runs now or, when a button on the thing is waiting for its answer,
// after that. The answer finds the button in its place, and the newest is what stays.
export function came(id, show) {
  cameAt.set(id, ++clock)
  if (asking.has(id)) asking.set(id, show)
  else show()
}

// The moment at which a request is made, for `isOvertaken`.
export function moment() {
  return clock
}

// Whether something newer has come live than what was asked for at a moment.
export function isOvertaken(id, asked) {
  return (cameAt.get(id) ?? 0) > asked
}

document.addEventListener("htmx:beforeSend", ({ detail }) => {
  const { id } = detail.target
  asking.set(id, null)
  // Of the request itself: htmx tells nobody when the button has gone meanwhile.
  detail.xhr.addEventListener("loadend", () => {
    const show = asking.get(id)
    asking.delete(id)
    show?.()
  })
})

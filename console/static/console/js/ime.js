// Whose is this key? While an input method composes, Enter, Space, digits and arrows choose
// among its candidates. One guard for every field: such a key stops here, before any
// handler of ours, and the input method gets it as always.
//
// Browsers disagree about how they say so. Chrome and Firefox send the confirming Enter
// while `isComposing`; Safari ends the composition first and sends Enter after it, with the
// key code 229; some send it with its own code within the same tick.

const OF_AN_INPUT_METHOD = 229 // key code

let justEnded = false

export function isMine(event) {
  return !event.isComposing && event.keyCode !== OF_AN_INPUT_METHOD && !justEnded
}

function stop(event) {
  if (isMine(event)) return
  event.stopImmediatePropagation()
  // No hand is that fast: it confirmed a candidate, and is not to break the line as well.
  if (justEnded && event.key === "Enter") event.preventDefault()
}

function ended() {
  justEnded = true
  setTimeout(() => (justEnded = false))
}

addEventListener("compositionend", ended, true)
addEventListener("keydown", stop, true)
addEventListener("keypress", stop, true)

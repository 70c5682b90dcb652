// A sentence over the page for a moment, from the server or from the page's own texts.

const SHOWN_FOR = 5000 // ms

let timer

export function show(text, time = SHOWN_FOR) {
  const notice = document.getElementById("notice")
  notice.textContent = text
  notice.hidden = false
  clearTimeout(timer)
  timer = setTimeout(() => (notice.hidden = true), time)
}

// The same with something that can be done about it meanwhile.
export function offer(text, label, does, time) {
  show(text, time)
  const button = document.createElement("button")
  Object.assign(button, { type: "button", className: "notice-layer__action", textContent: label })
  button.addEventListener("click", () => {
    document.getElementById("notice").hidden = true
    does()
  })
  document.getElementById("notice").append(button)
}

export function showFailure() {
  show(document.getElementById("notice").dataset.failed)
}

document.addEventListener("desk:notice", ({ detail }) => show(detail.text))
document.addEventListener("htmx:sendError", showFailure)
document.addEventListener("htmx:timeout", showFailure)
document.addEventListener("htmx:responseError", showFailure)

// A sentence over the page for a moment, from the server or from the page's own texts.

const SHOWN_FOR = 5000 // ms

let timer

export function show(text) {
  const notice = document.getElementById("notice")
  notice.textContent = text
  notice.hidden = false
  clearTimeout(timer)
  timer = setTimeout(() => (notice.hidden = true), SHOWN_FOR)
}

export function showFailure() {
  show(document.getElementById("notice").dataset.failed)
}

document.addEventListener("desk:notice", ({ detail }) => show(detail.text))
document.addEventListener("htmx:sendError", showFailure)
document.addEventListener("htmx:timeout", showFailure)
document.addEventListener("htmx:responseError", showFailure)

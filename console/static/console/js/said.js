// What a message says, as plain text: faces by WeChat's names for them, jump links as their
// words and where they lead. What people copy out of the thread is the same.

export function words(article) {
  const bubble = article.querySelector(".bubble--text")
  if (bubble) return plain(bubble)
  const card = article.querySelector(".bubble--card")
  return card ? [...card.querySelectorAll(".bubble__title, .bubble__description, a")].map((one) => one.href ?? one.textContent.trim()).join("\n") : ""
}

export function plain(root) {
  return [...root.childNodes].map(piece).join("")
}

function piece(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data
  if (node.nodeType !== Node.ELEMENT_NODE && node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE) return ""
  if (node.matches?.(".emoji")) return node.getAttribute("aria-label")
  if (node.matches?.(".jump")) return `${node.textContent.trim()} (${node.title})`
  return plain(node)
}

// A selection inside one bubble; across several the browser's own text is right.
document.addEventListener("copy", (event) => {
  const selection = getSelection()
  const inside = (node) => (node?.nodeType === Node.ELEMENT_NODE ? node : node?.parentElement)?.closest(".thread .bubble--text")
  if (selection.isCollapsed || !inside(selection.anchorNode) || inside(selection.anchorNode) !== inside(selection.focusNode)) return
  const part = selection.getRangeAt(0).cloneContents()
  if (!part.querySelector(".jump, .emoji")) return
  event.clipboardData.setData("text/plain", plain(part))
  event.preventDefault()
})

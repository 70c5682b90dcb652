// Make what is on the page like a new drawing of it. What is the same in both stays the same
// node: focus stays, a picture isn't loaded again, and a log tells nothing twice.

export function morph(current, drawn) {
  const focused = current.contains(document.activeElement) ? document.activeElement : null
  change(current, drawn)
  if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true })
  return focused && !focused.isConnected
}

function change(current, drawn) {
  for (const { name } of [...current.attributes]) if (!drawn.hasAttribute(name)) current.removeAttribute(name)
  for (const { name, value } of drawn.attributes) if (current.getAttribute(name) !== value) current.setAttribute(name, value)
  let next = current.firstChild
  for (const child of [...drawn.childNodes]) {
    let same = next
    while (same && !isSame(same, child)) same = same.nextSibling
    if (!same) current.insertBefore(child, next)
    else if (same === next) next = next.nextSibling
    else current.insertBefore(same, next)
    if (same) renew(same, child)
  }
  while (next) {
    const { nextSibling } = next
    next.remove()
    next = nextSibling
  }
}

function renew(node, drawn) {
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (node.data !== drawn.data) node.data = drawn.data
  } else if (isCustom(node)) takeOver(node, drawn)
  else change(node, drawn)
}

// What such an element holds it has drawn itself, from its attributes.
function takeOver(element, drawn) {
  const isOther = [...drawn.attributes].some(({ name, value }) => element.getAttribute(name) !== value)
  if (isOther) element.replaceWith(drawn)
}

const isCustom = ({ localName }) => localName.includes("-")

function isSame(node, other) {
  return node.nodeName === other.nodeName && (node.id ?? "") === (other.id ?? "")
}

// A customer's or a service's words as WeChat shows them: jump links into the mini
// program, ordinary links and bare addresses, and everything else as it stands.
//
// Built from nodes, never from markup: whatever isn't one of these links is text.

const LINK = /<a\s([^<>]*)>([^<]*)<\/a>|https?:\/\/[^\s<>"'，。；！？、（）]+/giu
const ATTRIBUTE = /([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/gu

// Return the words as a fragment. onJump(path) is called when a jump link is tapped.
export function drawText(words, onJump) {
  const drawn = document.createDocumentFragment()
  let end = 0
  for (const match of words.matchAll(LINK)) {
    drawn.append(words.slice(end, match.index))
    drawn.append(match[1] === undefined ? drawLink(match[0], match[0]) : drawAnchor(match, onJump))
    end = match.index + match[0].length
  }
  drawn.append(words.slice(end))
  return drawn
}

function drawAnchor([whole, attributes, words], onJump) {
  const named = Object.fromEntries(
    [...attributes.matchAll(ATTRIBUTE)].map(([, name, double, single]) => [name.toLowerCase(), double ?? single]),
  )
  const path = named["data-miniprogram-path"]
  if (named["data-miniprogram-appid"] && path) return drawJump(words, path, onJump)
  return isWeb(named.href) ? drawLink(words, named.href) : whole
}

function drawJump(words, path, onJump) {
  const jump = document.createElement("button")
  jump.type = "button"
  jump.className = "jump"
  jump.dataset.path = path
  jump.textContent = words
  jump.addEventListener("click", () => onJump(path))
  return jump
}

function drawLink(words, href) {
  const link = document.createElement("a")
  link.href = href
  link.target = "_blank"
  link.rel = "noopener noreferrer"
  link.textContent = words
  return link
}

export function isWeb(address) {
  return /^https?:\/\//i.test(address ?? "")
}

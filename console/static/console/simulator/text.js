// A customer's or a service's words as WeChat shows them: jump links into the mini
// program, ordinary links and bare addresses, and everything else as it stands.
//
// Built from nodes, never from markup: whatever isn't one of these links is text.
// WeChat's own faces travel as names in brackets; the emoji panel has what they look like.

const LINK = /<a\s([^<>]*)>([^<]*)<\/a>|https?:\/\/[^\s<>"'，。；！？、（）]+/giu
const ATTRIBUTE = /([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/gu

const FACE = /\[[^[\]\s]{1,6}\]/gu

// Return the words as a fragment. onJump({appid, path, href}) is called when a jump link
// is tapped.
export function drawText(words, onJump) {
  const drawn = document.createDocumentFragment()
  let end = 0
  for (const match of words.matchAll(LINK)) {
    drawn.append(drawFaces(words.slice(end, match.index)))
    drawn.append(match[1] === undefined ? drawLink(match[0], match[0]) : drawAnchor(match, onJump))
    end = match.index + match[0].length
  }
  drawn.append(drawFaces(words.slice(end)))
  return drawn
}

function drawFaces(words) {
  const drawn = document.createDocumentFragment()
  let end = 0
  for (const { 0: code, index } of words.matchAll(FACE)) {
    const known = document.querySelector(`[data-face][data-emoji="${CSS.escape(code)}"]`)
    if (!known) continue
    const face = document.createElement("span")
    face.className = "face"
    face.title = code
    face.textContent = known.textContent
    drawn.append(words.slice(end, index), face)
    end = index + code.length
  }
  drawn.append(words.slice(end))
  return drawn
}

function drawAnchor([whole, attributes, words], onJump) {
  const named = Object.fromEntries(
    [...attributes.matchAll(ATTRIBUTE)].map(([, name, double, single]) => [name.toLowerCase(), double ?? single]),
  )
  const path = named["data-miniprogram-path"]
  const appid = named["data-miniprogram-appid"]
  if (appid && path) return drawJump(words, { appid, path, href: named.href }, onJump)
  return isWeb(named.href) ? drawLink(words, named.href) : whole
}

function drawJump(words, target, onJump) {
  const jump = document.createElement("button")
  jump.type = "button"
  jump.className = "jump"
  jump.dataset.path = target.path
  jump.textContent = words
  jump.addEventListener("click", () => onJump(target))
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

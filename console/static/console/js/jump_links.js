// Jump links, as the box holds them: ⟦words|pages/a?x=1⟧, then maybe |https://… for old
// clients and |wx… of another mini program. The server writes WeChat's tags and has the
// last word; this is the same reading, so that the counter and the preview are right.

const TOKEN =
  /⟦([^|⟦⟧<>\r\n]{1,64})\|([^|⟦⟧<>"'\s\x00-\x1f]{1,1024})(?:\|(https?:\/\/[^|⟦⟧<>"'\s\x00-\x1f]{1,500}))?(?:\|([0-9A-Za-z_-]{1,32}))?⟧/gu
const MARKUP = /<(?=[/!?]?[A-Za-z])/g
const GUARD = "<\u200b" // shows as < and opens no tag
const PATH_BYTES = 1024
const HREF_BYTES = 512

const encoder = new TextEncoder()

// Return a text's words and its links, {label, path, href, appid, start, end}, in order.
export function pieces(text) {
  const found = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    const [whole, label, path, href = "", appid = ""] = match
    if (!label.trim() || bytes(path) > PATH_BYTES || bytes(href) > HREF_BYTES) continue
    if (match.index > end) found.push(text.slice(end, match.index))
    end = match.index + whole.length
    found.push({ label, path, href, appid, start: match.index, end })
  }
  if (end < text.length) found.push(text.slice(end))
  return found
}

export function links(text) {
  return pieces(text).filter((piece) => typeof piece !== "string")
}

// Return how many bytes a text takes at WeChat.
export function size(text, ownAppid) {
  return pieces(text).reduce((sum, piece) => sum + bytes(written(piece, ownAppid)), 0)
}

// Return the token of a link, or null when there can't be one.
export function token({ label, path, href = "", appid = "" }) {
  const fields = [fit(label), encoded(path.replace(/^\/+/, "")), encoded(href), appid]
  const made = `⟦${fields.filter(Boolean).join("|")}⟧`
  const [link] = links(made)
  return fields[0] && fields[1] && link?.end === made.length && link.appid === appid ? made : null
}

function fit(label) {
  const other = { "|": "｜", "<": "＜", ">": "＞", "⟦": "「", "⟧": "」" }
  return label.trim().replace(/\s+/g, " ").replace(/[|<>⟦⟧]/g, (mark) => other[mark])
}

// What can't stand in a tag's attribute as it is can be said in percents.
function encoded(address) {
  return address.trim().replace(/[|⟦⟧<>"'\s]/g, (mark) => (mark === "'" ? "%27" : encodeURIComponent(mark)))
}

function written(piece, ownAppid) {
  if (typeof piece === "string") return piece.replace(MARKUP, GUARD)
  const { label, path, href, appid } = piece
  const address = href && `href="${href}" `
  return `<a ${address}data-miniprogram-appid="${appid || ownAppid}" data-miniprogram-path="${path}">${label}</a>`
}

function bytes(text) {
  return encoder.encode(text).length
}

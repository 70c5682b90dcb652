// What lies over the phone: where a tap would lead, and a picture in full.

const byId = (id) => document.getElementById(id)

let before // What had the focus

// A mini program's page opens nowhere here, so the phone says which one it would be.
export function showWhere({ appid, path, href }) {
  const [page, ...query] = path.split("?")
  say("appid", appid)
  say("page", page)
  say("query", query.join("?"))
  say("href", href)
  open(byId("leads"), byId("leads").querySelector("button"))
}

export function showPicture(address) {
  byId("viewer").querySelector("img").src = address
  open(byId("viewer"), byId("viewer"))
}

function say(name, words) {
  const place = byId(`leads-${name}`)
  place.textContent = words ?? ""
  place.parentElement.hidden = !words
}

function open(sheet, focus) {
  before = document.activeElement
  sheet.hidden = false
  focus.focus()
}

function close() {
  if (byId("leads").hidden && byId("viewer").hidden) return
  byId("leads").hidden = true
  byId("viewer").hidden = true
  before?.focus()
}

byId("viewer").addEventListener("click", close)
byId("leads").addEventListener("click", ({ target, currentTarget }) => {
  if (target === currentTarget || target.closest("[data-sheet-close]")) close()
})
addEventListener("keydown", ({ key }) => key === "Escape" && close())

// The tabs one agent has open in this browser: which of them does what must happen once,
// and what of all this is before the agent's eyes.
//
// Both are locks. A lock goes with its tab, however the tab ends; no tab has to remember
// another. Over plain HTTP there are none: there a lease in the browser's storage decides.

const { agent } = document.body.dataset
const HERE = `kefu-here-${agent}-`
const LEASE = 90_000 // ms; timers of hidden tabs run once a minute

const asked = new Set() // what this tab stands in line for
const ours = new Set() // what it does for all
const me = Math.random().toString(36).slice(2)
let leave = () => {}

// Stand in line for something.
export function compete(what) {
  if (!navigator.locks || asked.has(what)) return
  asked.add(what)
  navigator.locks.request(`kefu-${what}-${agent}`, () => {
    ours.add(what)
    return new Promise(() => {})
  })
}

export function leads(what) {
  return navigator.locks ? ours.has(what) : leases(what)
}

// Whether somebody in this browser does it.
export async function isDone(what) {
  if (!navigator.locks) return leads(what)
  const { held } = await navigator.locks.query()
  return held.some(({ name }) => name === `kefu-${what}-${agent}`)
}

// {isFocused: one of the tabs is, isOpen: it shows this customer}
export async function whereabouts(customer) {
  if (!navigator.locks) return { isFocused: isLookedAt(), isOpen: isLookedAt() && customerOnShow() === customer }
  const { held } = await navigator.locks.query()
  const here = held.filter(({ name }) => name.startsWith(HERE)).map(({ name }) => name.slice(HERE.length))
  return { isFocused: here.length > 0, isOpen: customer !== "" && here.includes(customer) }
}

function isLookedAt() {
  return !document.hidden && document.hasFocus()
}

function customerOnShow() {
  return document.getElementById("conversation")?.dataset.customer ?? ""
}

function tell() {
  leave()
  if (!isLookedAt()) return
  const gone = new Promise((resolve) => (leave = resolve))
  navigator.locks.request(`${HERE}${customerOnShow()}`, { mode: "shared" }, () => gone)
}

function leases(what) {
  const key = `kefu-${what}-${agent}`
  const { tab, until = 0 } = JSON.parse(localStorage.getItem(key) ?? "{}")
  if (tab !== me && until > Date.now()) return false
  localStorage.setItem(key, JSON.stringify({ tab: me, until: Date.now() + LEASE }))
  ours.add(what)
  return true
}

if (navigator.locks) {
  for (const type of ["focus", "blur", "pageshow"]) addEventListener(type, tell)
  document.addEventListener("visibilitychange", tell)
  new MutationObserver(tell).observe(document.body, { childList: true }) // Another pane
  tell()
} else {
  addEventListener("pagehide", () => ours.forEach((what) => localStorage.removeItem(`kefu-${what}-${agent}`)))
}

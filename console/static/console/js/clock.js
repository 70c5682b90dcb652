// The server's time, whatever this computer's clock says, and days as the office has them.

const { now: serverNow, timeZone } = document.body.dataset
// The page was drawn as its first byte came, however long the rest of it took.
const [visit] = performance.getEntriesByType("navigation")
const age = visit ? Math.max(0, performance.now() - visit.responseStart) : 0 // ms
let offset = serverNow ? Date.parse(serverNow) + age - Date.now() : 0 // ms

const SOON = 5000 // ms; an answer that took longer says too little
const STEADY = 500 // ms; what differs by less is the way there and back

const isoDay = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" })

export function now() {
  return Date.now() + offset
}

// From the server's answer to what was asked at `asked`, by performance.now(): somebody may
// have set this computer's clock since.
export function learn(serverNow, asked) {
  const took = performance.now() - asked
  const learned = Date.parse(serverNow) + took / 2 - Date.now()
  if (took < SOON && Math.abs(learned - offset) > STEADY) offset = learned
}

export function dayOf(moment) {
  return isoDay.format(moment)
}

export function format(options) {
  return new Intl.DateTimeFormat(document.documentElement.lang, { timeZone, hourCycle: "h23", ...options })
}

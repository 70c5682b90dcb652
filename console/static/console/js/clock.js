// The server's time, whatever this computer's clock says, and days as the office has them.

const { now: serverNow, timeZone } = document.body.dataset
// The page was drawn as its first byte came, however long the rest of it took.
const [visit] = performance.getEntriesByType("navigation")
const age = visit ? Math.max(0, performance.now() - visit.responseStart) : 0 // ms
const offset = serverNow ? Date.parse(serverNow) + age - Date.now() : 0 // ms

const isoDay = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" })

export function now() {
  return Date.now() + offset
}

export function dayOf(moment) {
  return isoDay.format(moment)
}

export function format(options) {
  return new Intl.DateTimeFormat(document.documentElement.lang, { timeZone, hourCycle: "h23", ...options })
}

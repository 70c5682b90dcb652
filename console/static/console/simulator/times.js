// Times as a chat shows them, in the page's language. All from Unix seconds.

const language = document.documentElement.lang
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
const date = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" })

export const GAP = 300 // s of silence after which a line bears its time

export function timeOfDay(at) {
  return clock.format(new Date(at * 1000))
}

// Return 14:05, Yesterday 14:05 or 18 Sept 14:05, with the words of the page's data.
export function timeInChat(at, { textYesterday }) {
  const day = dayOf(new Date(at * 1000))
  const today = dayOf(new Date())
  if (day === today) return timeOfDay(at)
  if (day === dayOf(new Date(Date.now() - 86_400_000))) return `${textYesterday} ${timeOfDay(at)}`
  return `${date.format(new Date(at * 1000))} ${timeOfDay(at)}`
}

function dayOf(moment) {
  return moment.toDateString()
}

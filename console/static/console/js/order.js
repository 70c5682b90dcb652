// The order of a view's rows, as the server pages through it.
//
// A place is a list to be compared item by item: a stretch of the view, a moment (ISO, UTC,
// microseconds: text that sorts), a number. Even stretches run forward in time, odd ones
// backward; what is pinned is in stretches of its own, before the others.

const PINNED = -2 // is added to these
const PRESSING = 0
const OTHERS = 1

export function placeOf(view, row, isPinned = false) {
  const [stretch, moment] = inView(view, row)
  return [stretch + (isPinned ? PINNED : 0), moment, Number(row.conversation)]
}

function inView(view, { waitingSince, lastMessageAt, windowClosesAt }) {
  if (view === "closing") return [PRESSING, windowClosesAt]
  const isUnanswered = (view === "waiting" || view === "mine") && waitingSince
  return isUnanswered ? [PRESSING, waitingSince] : [OTHERS, lastMessageAt]
}

// A page's key, "walk,moment,id", as a place.
export function placeOfKey(key) {
  const [walk, moment, id] = key.split(",")
  return [walk === "waiting" || walk === "closing" ? PRESSING : OTHERS, moment, Number(id)]
}

// The longest wait first, but the latest of what nobody waits for.
export function compare([stretch, moment, id], [otherStretch, otherMoment, otherId]) {
  if (stretch !== otherStretch) return stretch - otherStretch
  const ascending = moment < otherMoment ? -1 : moment > otherMoment ? 1 : id - otherId
  return stretch % 2 === 0 ? ascending : -ascending
}

// The order of a view's rows, as the server pages through it.
//
// A place is a list to be compared item by item: a stretch of the view, a moment (ISO, UTC,
// microseconds: text that sorts), a number.

const WAITING = 0
const OTHERS = 1

export function placeOf(view, { waitingSince, lastMessageAt, conversation }) {
  const isUnanswered = (view === "waiting" || view === "mine") && waitingSince
  if (isUnanswered) return [WAITING, waitingSince, Number(conversation)]
  return [OTHERS, lastMessageAt, Number(conversation)]
}

// A page's key, "walk,moment,id", as a place.
export function placeOfKey(key) {
  const [walk, moment, id] = key.split(",")
  return [walk === "waiting" ? WAITING : OTHERS, moment, Number(id)]
}

// The longest wait first, but the latest of what nobody waits for.
export function compare([stretch, moment, id], [otherStretch, otherMoment, otherId]) {
  if (stretch !== otherStretch) return stretch - otherStretch
  const ascending = moment < otherMoment ? -1 : moment > otherMoment ? 1 : id - otherId
  return stretch === WAITING ? ascending : -ascending
}

export function belongs(view, { status, assignee, waitingSince }) {
  if (view === "closed") return status === "closed"
  if (status !== "open") return false
  if (view === "mine") return assignee === document.body.dataset.agent
  return view === "all" || (assignee === "" && waitingSince !== "")
}

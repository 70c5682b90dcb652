// How many conversations each view holds, and what that makes of the browser's tab: in its
// title how many want this agent, on its icon a dot as long as there are any. The server
// counts, the page shows.

const MOST = 999
const OFFLINE_AFTER = 10_000 // ms without a line

const title = document.title
const icon = document.getElementById("icon")

let isOffline = false

function show({ unread, ...counts }) {
  for (const [view, count] of Object.entries(counts)) {
    const badge = document.querySelector(`[data-count="${view}"]`)
    if (!badge) continue
    badge.textContent = count > MOST ? `${MOST}+` : count
    badge.hidden = count === 0
  }
  document.getElementById("inbox").dataset.unread = unread
  nameWindow()
}

// Those whom nobody has, and the agent's own with something unread.
export function nameWindow() {
  const waiting = document.querySelector('[data-count="waiting"]')?.textContent.trim() ?? ""
  const wanting = (waiting.endsWith("+") ? MOST + 1 : Number(waiting)) + Number(document.getElementById("inbox").dataset.unread || 0)
  const number = wanting === 0 ? "" : `(${wanting > MOST ? `${MOST}+` : wanting}) `
  const { offline } = document.querySelector("desk-alerts").dataset
  const name = `${isOffline ? `${offline} ` : ""}${number}${title}`
  if (document.title !== name) document.title = name
  const drawn = wanting === 0 ? icon.dataset.plain : icon.dataset.dot
  if (icon.getAttribute("href") !== drawn) icon.setAttribute("href", drawn)
}

document.addEventListener("live:counts", ({ detail }) => {
  const { waiting, closing, all, mine, unread, mini_program } = detail
  const { miniProgram } = document.getElementById("inbox").dataset
  if (String(mini_program ?? "") !== miniProgram) return // Counted before the list was narrowed
  const { agent } = document.body.dataset
  show({ waiting, closing, all, mine: mine[agent] ?? 0, unread: unread[agent] ?? 0 })
})

document.addEventListener("live:lost", ({ detail }) => {
  isOffline = detail.lostFor >= OFFLINE_AFTER
  nameWindow()
})

document.addEventListener("live:found", () => {
  isOffline = false
  nameWindow()
})

nameWindow()

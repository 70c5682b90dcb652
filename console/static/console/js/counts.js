// How many conversations each view holds: the server counts, the page shows.

const MOST = 999

const title = document.title

function show(counts) {
  for (const [view, count] of Object.entries(counts)) {
    const badge = document.querySelector(`[data-count="${view}"]`)
    if (!badge) continue
    badge.textContent = count > MOST ? `${MOST}+` : count
    badge.hidden = count === 0
  }
  nameWindow()
}

export function nameWindow() {
  const waiting = document.querySelector('[data-count="waiting"]')
  document.title = waiting && !waiting.hidden ? `(${waiting.textContent.trim()}) ${title}` : title
}

document.addEventListener("live:counts", ({ detail }) => {
  const { waiting, all, mine, mini_program } = detail
  const { miniProgram } = document.getElementById("inbox").dataset
  if (String(mini_program ?? "") !== miniProgram) return // Counted before the list was narrowed
  show({ waiting, all, mine: mine[document.body.dataset.agent] ?? 0 })
})

nameWindow()

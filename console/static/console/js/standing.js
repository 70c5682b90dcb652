// How the house stands, in thin lines at the foot of the list, over it so that nothing moves
// under a hand: the line to the server, the worker that sends, a newer version of this page.

import { live } from "./live_socket.js"

const BACK_FOR = 3_000 // ms

const standing = document.getElementById("standing")
const line = standing.querySelector(".line")

let timer

document.addEventListener("live:lost", ({ detail }) => {
  if (!detail.isShown) return
  clearTimeout(timer)
  const seconds = Math.floor(detail.lostFor / 1000)
  const time = [seconds / 60, seconds % 60].map((part) => String(Math.floor(part)).padStart(2, "0"))
  say(line.dataset.lost.replace("{time}", time.join(":")), "lost")
  if (live.dataset.state !== "lost") interrupt(line.dataset.lostOnce)
  mark("lost")
})

document.addEventListener("live:found", ({ detail }) => {
  const { missed, isNews, wasReset } = detail
  mark("open")
  if (!isNews && !wasReset) return
  const back = wasReset ? line.dataset.reloaded : missed ? line.dataset.caughtUp.replace("{n}", missed) : line.dataset.recovered
  say(back, "back")
  tell(back)
  clearTimeout(timer)
  timer = setTimeout(() => (line.hidden = true), BACK_FOR)
})

document.addEventListener("live:house", ({ detail }) => {
  const isSilent = detail.worker_is_silent
  const worker = document.getElementById("worker-silent")
  const isNews = isSilent && worker.hidden
  worker.hidden = !isSilent
  if (isNews) tell(worker.innerText) // Only what is seen, by a supervisor or others
  document.getElementById("new-version").hidden = detail.version === document.body.dataset.version
})

document.querySelector("[data-reload]").addEventListener("click", () => {
  document.dispatchEvent(new CustomEvent("desk:flush"))
  location.reload()
})

function say(text, state) {
  line.textContent = text
  line.classList.toggle("line--back", state === "back")
  line.hidden = false
}

function mark(state) {
  live.dataset.state = state
  const dot = document.querySelector("[data-presence]")
  dot.className = `presence presence--${state}`
  dot.title = dot.dataset[state]
}

// For those who hear the page: once, not with every second that goes by.
function tell(text) {
  document.getElementById("news").textContent = text
}

function interrupt(text) {
  document.getElementById("alarm").textContent = text
}

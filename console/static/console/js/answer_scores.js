// How likely a common answer is the one that is wanted now: by what the customer said last,
// by where they came in, and by what this agent has used of late. All of it in the browser:
// neither a key nor a click waits for the network.

import { usable } from "./answers.js"

const REMEMBERED = 14 * 24 * 3600_000 // ms
const MOST = 400 // uses
const OFTEN = 8 // uses that count as many

const key = `kefu.${document.body.dataset.agent}.uses`

// Where the agent is now: {line, entrance}, and the element of the line.
export function situation() {
  const message = [...document.querySelectorAll("message-thread .message--customer:not(.message--event)")].at(-1)
  const line = message?.querySelector(".bubble--text")?.textContent ?? ""
  const entrance = document.querySelector("#conversation .header .chip")?.textContent.trim() ?? ""
  return { message, line, entrance }
}

export function remember({ id }) {
  const fresh = uses().filter(({ at }) => Date.now() - at < REMEMBERED)
  const use = { id, at: Date.now(), entrance: situation().entrance }
  localStorage.setItem(key, JSON.stringify([...fresh, use].slice(-MOST)))
}

// Returns a function that scores an answer, from 0 to about 4.
export function scorer({ line, entrance }) {
  const asked = bigrams(line)
  const from = bigrams(entrance)
  const counts = new Map()
  const here = new Set()
  for (const use of uses()) {
    if (Date.now() - use.at > REMEMBERED) continue
    counts.set(use.id, (counts.get(use.id) ?? 0) + 1)
    if (entrance && use.entrance === entrance) here.add(use.id)
  }
  return ({ id, title, shortcut, preview }) => {
    const name = bigrams(`${title} ${shortcut}`)
    const habit = Math.min(1, Math.log2(1 + (counts.get(id) ?? 0)) / Math.log2(1 + OFTEN))
    return 2 * shared(asked, name) + shared(asked, bigrams(preview)) + shared(from, name) / 2 + habit / 2 + (here.has(id) ? 0.5 : 0)
  }
}

// All that fit a mini program, the likeliest first: [{answer, score}].
export function ranked(miniProgram, now = situation()) {
  const score = scorer(now)
  return usable(miniProgram)
    .map((answer) => ({ answer, score: score(answer) }))
    .sort((one, other) => other.score - one.score)
}

function uses() {
  return JSON.parse(localStorage.getItem(key) ?? "[]")
}

function shared(one, other) {
  if (!one.size || !other.size) return 0
  const common = [...one].filter((pair) => other.has(pair)).length
  return common / Math.min(one.size, other.size)
}

// Chinese has no spaces: two characters are the smallest word.
function bigrams(text) {
  const runs = text.normalize("NFKC").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return new Set(runs.flatMap((run) => [...run].slice(1).map((_, at) => [...run].slice(at, at + 2).join(""))))
}

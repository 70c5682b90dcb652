// The canned answers this agent may pick, kept in the page so that finding one takes no
// network, and how they are found: the same ranking as the server's.

import { ask } from "./http.js"

const RANKS = [
  ({ shortcut }, word) => fold(shortcut) === word,
  ({ shortcut }, word) => fold(shortcut).startsWith(word),
  ({ title }, word) => fold(title).startsWith(word),
  ({ title }, word) => fold(title).includes(word),
  ({ pinyin }, word) => pinyin.split(" ").some((key) => key.startsWith(word)),
  ({ pinyin }, word) => pinyin.split(" ").some((key) => key.includes(word)),
  ({ parts }, word) => parts.some((part) => said(part).some((text) => fold(text).includes(word))),
]

let library = []

export async function load() {
  const response = await ask("/answers/").catch(() => null)
  if (!response?.ok) return
  library = (await response.json()).answers
  document.dispatchEvent(new CustomEvent("desk:answers"))
}

// The common answers that a mini program's customers may be given.
export function usable(miniProgram) {
  return library.filter(({ use, mini_program }) => use === "common_answer" && [null, miniProgram].includes(mini_program))
}

// Return those that a query finds, the best first. A likely one, by score(answer), goes before
// one that the query finds a little better, but never before the shortcut that was typed.
export function find(query, miniProgram, score = () => 0) {
  const words = fold(query).split(/\s+/).filter(Boolean)
  return usable(miniProgram)
    .map((answer) => ({ answer, rank: rank(answer, words) }))
    .filter(({ rank }) => rank < RANKS.length)
    .map(({ answer, rank }) => ({ answer, place: rank === 0 && words.length ? -Infinity : rank - score(answer) }))
    .sort((one, other) => (one.place === other.place ? 0 : one.place - other.place))
    .map(({ answer }) => answer)
}

// Tell the server that an answer is used. Returns null, or what is wrong with this page's
// copy of it: {error, text, replacement}. A server out of reach must not hold anybody up.
export async function pick(url, { id, version }) {
  const response = await ask(url, { method: "POST", data: { answer: id, version } }).catch(() => null)
  if (response?.status !== 409) return null
  load()
  return response.json()
}

function rank(answer, words) {
  const ranks = words.map((word) => RANKS.findIndex((passes) => passes(answer, word)))
  return ranks.includes(-1) ? RANKS.length : Math.max(0, ...ranks)
}

function said({ text = "", title = "", description = "" }) {
  return [text, title, description]
}

function fold(text) {
  return text.normalize("NFKC").toLowerCase().trim()
}

document.addEventListener("live:answers", load)
document.addEventListener("live:reload", load)
document.addEventListener("desk:signed-in", load)
load()

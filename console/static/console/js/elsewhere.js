// What customers write in conversations other than the one on show, as one sentence for
// those who hear the page.

import { say } from "./announcements.js"

const known = new Map() // {conversation: its unread messages}
const news = new Map() // {conversation: how many came since the last sentence}

for (const row of document.querySelectorAll(".row[data-unread]")) known.set(row.dataset.conversation, Number(row.dataset.unread))

document.addEventListener("live:row", ({ detail: { html } }) => {
  const read = (name) => html.match(new RegExp(` data-${name}="([^"]*)"`))?.[1] ?? ""
  const [conversation, unread] = [read("conversation"), Number(read("unread"))]
  const came = unread - (known.get(conversation) ?? 0)
  known.set(conversation, unread)
  const isOnShow = read("customer") === document.getElementById("conversation").dataset.customer
  if (came <= 0 || isOnShow) return
  news.set(conversation, (news.get(conversation) ?? 0) + came)
  say("elsewhere", sentence)
})

function sentence() {
  const { elsewhere, elsewhereOne } = document.getElementById("news").dataset
  const n = [...news.values()].reduce((sum, one) => sum + one, 0)
  const text = news.size > 1 ? elsewhere : elsewhereOne
  const words = n && text.replace("{n}", n).replace("{conversations}", news.size)
  news.clear()
  return words
}

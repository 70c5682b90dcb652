// What this agent is told wherever they are: a conversation given to them or taken from
// them, a note that calls them. A sentence, and a way there.

import { offer } from "./notices.js"
import { openConversation, visit } from "./panes.js"

const SHOWN_FOR = 10_000 // ms

const open = document.getElementById("transfer").dataset.open

document.addEventListener("live:agent", ({ detail }) => {
  const { about, conversation, text } = detail
  if (about === "availability" || String(conversation) === openConversation()) return
  offer(text, open, () => visit(String(conversation)), SHOWN_FOR)
})

// The agent's desk. Each module says what it is for; this one only brings them together.

import "./ime.js"
import { csrfToken } from "./http.js"
import "./times.js"
import "./notices.js"
import "./signed_out.js"
import "./live_socket.js"
import "./counts.js"
import "./answers.js"
import "./answer_picker.js"
import "./inbox_list.js"
import "./row_choice.js"
import "./row_menu.js"
import "./search_pane.js"
import "./message_thread.js"
import "./message_tools.js"
import "./elsewhere.js"
import "./picture_viewer.js"
import "./picture_tray.js"
import "./jump_sheet.js"
import "./link_sheet.js"
import "./card_sheet.js"
import "./mention_picker.js"
import "./message_composer.js"
import "./suggestion_strip.js"
import "./unsent_lines.js"
import "./panes.js"
import "./narrowing.js"
import "./reply_window.js"
import "./side_panel.js"
import "./known_customer.js"
import "./tag_picker.js"
import "./block_dialog.js"
import "./answer_shelf.js"
import "./pauses.js"
import "./standing.js"
import "./alerts.js"
import "./keys.js"
import "./command_palette.js"
import "./attention.js"
import "./transfer_dialog.js"
import "./agent_news.js"
import "./availability.js"
import "./mentions.js"
import "./going_on.js"
import "./sign_out.js"
import { send, underWay } from "./outbox.js"

document.addEventListener("htmx:configRequest", ({ detail }) => {
  detail.headers["X-CSRFToken"] = csrfToken()
})

// What was being sent to others when the page went; the open conversation sees to its own.
for (const { conversation, url, words } of underWay()) {
  const isOpen = conversation === document.getElementById("conversation").dataset.conversation
  if (!isOpen || !words.text) send(conversation, url, words)
}

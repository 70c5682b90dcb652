// Notices on the desktop: one for each conversation, the newest in place of the one before.
// Each one shown is told as `alert:notice`.

import { leads } from "./tabs.js"

const LONGEST = 60 // characters

const shown = new Map() // {tag: Notification}

export function permission() {
  return window.isSecureContext && "Notification" in window ? Notification.permission : "unsupported"
}

export function notify({ title, body, tag, does = () => {} }) {
  if (permission() !== "granted") return
  const text = cut(body)
  let notice
  try {
    notice = new Notification(title, { body: text, tag, icon: document.getElementById("icon").href, silent: true })
  } catch {
    return // A phone's browser shows none to a page
  }
  shown.set(tag, notice)
  notice.onclick = () => {
    window.focus()
    notice.close()
    does()
  }
  document.dispatchEvent(new CustomEvent("alert:notice", { detail: { title, body: text, tag } }))
}

export function withdraw(tag) {
  shown.get(tag)?.close()
  shown.delete(tag)
}

export function mayNotify() {
  return leads("notice") && choices().desktop
}

// How this agent wants to be alerted, as the page was told.
export function choices() {
  return JSON.parse(document.body.dataset.alerts)
}

function cut(text) {
  const characters = [...text]
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join("")}…` : text
}

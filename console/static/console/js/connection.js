// Whether what is sent now can arrive.

import { live } from "./live_socket.js"

export function isOffline() {
  return !navigator.onLine || live.dataset.state === "lost"
}

// Call does() whenever that may have changed.
export function watch(does, signal) {
  for (const type of ["online", "offline"]) addEventListener(type, does, { signal })
  const isNews = ({ detail }) => detail.isShown ?? true
  for (const type of ["live:lost", "live:found"]) {
    document.addEventListener(type, (event) => isNews(event) && queueMicrotask(does), { signal })
  }
}

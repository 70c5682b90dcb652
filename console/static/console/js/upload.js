// Sending files: as a form, with progress. Answers as outbox.send does; files are kept by
// whoever sends them, not here, and bear their UUID through every try.

import { csrfToken, parse } from "./http.js"

const PATIENCE = 120_000 // ms

export function upload(url, fields, progress = () => {}) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest()
    request.open("POST", url)
    request.timeout = PATIENCE
    request.setRequestHeader("HX-Request", "true")
    request.setRequestHeader("X-CSRFToken", csrfToken())
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0)
    request.onload = () => resolve(read(request, url))
    request.onerror = request.ontimeout = request.onabort = () => resolve({ state: "offline" })
    request.send(form(fields))
  })
}

function form(fields) {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) if (value !== null && value !== undefined) data.append(name, value)
  return data
}

function read({ status, responseText, responseURL }, url) {
  const isElsewhere = responseURL && new URL(responseURL).pathname !== new URL(url, location).pathname
  if (isElsewhere || status === 403) {
    document.dispatchEvent(new CustomEvent("desk:signed-out"))
    return { state: "signedOut" }
  }
  if (status >= 200 && status < 300) return { state: "taken", messages: parse(responseText) }
  if (status >= 500 || status === 429) return { state: "broken" }
  try {
    const { error, fields = {} } = JSON.parse(responseText)
    return { state: "refused", error, fields }
  } catch {
    return { state: "refused", fields: {} } // From before our server, as for a file too large
  }
}

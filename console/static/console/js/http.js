// Requests to our own server. An answer that redirects is the sign-in page: the session has
// ended, and the page says so rather than showing that page somewhere inside itself.

const PATIENCE = 20_000 // ms for one answer

export class SignedOut extends Error {}

export async function ask(url, { method = "GET", data, keepalive = false, signal } = {}) {
  const patience = AbortSignal.timeout(PATIENCE)
  const response = await fetch(url, {
    method,
    headers: { "HX-Request": "true", ...(method === "GET" ? {} : { "X-CSRFToken": csrfToken() }) },
    body: data && new URLSearchParams(data),
    redirect: "manual",
    signal: signal ? AbortSignal.any([signal, patience]) : patience,
    keepalive,
  })
  if (response.type === "opaqueredirect" || response.status === 403) {
    document.dispatchEvent(new CustomEvent("desk:signed-out"))
    throw new SignedOut()
  }
  return response
}

export async function fetchFragment(url, options) {
  const response = await ask(url, options)
  if (!response.ok) throw Object.assign(new Error(`${response.status} ${url}`), { status: response.status })
  return parse(await response.text())
}

// The same, tried until it is there. Returns null when the signal says that nobody wants it
// any more, or when there is no such thing.
export async function fetchInTheEnd(url, signal) {
  while (!signal.aborted) {
    try {
      return await fetchFragment(url, { signal })
    } catch (error) {
      if (error.status === 404) return null
    }
    // Never all tabs at once.
    await new Promise((resolve) => setTimeout(resolve, 2000 + 3000 * Math.random()))
  }
  return null
}

// Fragments come from our templates, which escape what people wrote.
export function parse(html) {
  const template = document.createElement("template")
  template.innerHTML = html
  return template.content.firstElementChild
}

// From the cookie: signing in again on another page changes it.
export function csrfToken() {
  const name = `${document.body.dataset.csrfCookie}=`
  const cookie = document.cookie.split("; ").find((one) => one.startsWith(name))
  return cookie ? cookie.slice(name.length) : ""
}

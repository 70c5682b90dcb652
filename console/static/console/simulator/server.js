// What the page asks of the simulator.

const WAIT = 12 // s that the simulator may take to answer when nothing happens
const AGAIN = [500, 1000, 2000, 4000] // ms before asking a silent simulator again

// Call onState with the state of one chat now and whenever it changes, until `signal`
// aborts; onLost when the simulator stops answering.
export async function watch(url, { appid, openid, signal, onState, onLost }) {
  let after = 0
  let failures = 0
  while (!signal.aborted) {
    const wait = after ? WAIT : 0
    try {
      const response = await fetch(`${url}?${new URLSearchParams({ appid, openid, after, wait })}`, { signal })
      if (!response.ok) throw new Error(response.statusText)
      const state = await response.json()
      if (signal.aborted) return
      failures = 0
      after = state.revision
      await onState(state)
      if (after === 0) await pause(AGAIN[0]) // An empty world: nothing to wait for yet
    } catch (error) {
      if (signal.aborted) return
      onLost(error)
      await pause(AGAIN[Math.min(failures, AGAIN.length - 1)] * (1 + Math.random()))
      failures += 1
    }
  }
}

// Send a form or an object, and return the answer's JSON. Throws when refused.
export async function post(url, values) {
  const isForm = values instanceof FormData
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content,
      ...(isForm ? {} : { "Content-Type": "application/json" }),
    },
    body: isForm ? values : JSON.stringify(values),
  })
  if (!response.ok) throw new Error(response.statusText)
  return response.json()
}

// Pull a string of the simulator itself; return the answer's JSON. Throws when refused.
export async function control(method, url, values) {
  const response = await fetch(url, {
    method,
    headers: values ? { "Content-Type": "application/json" } : {},
    body: values && JSON.stringify(values),
  })
  if (!response.ok) throw new Error(response.statusText)
  return response.json()
}

export function pause(milliseconds) {
  return new Promise((resume) => setTimeout(resume, milliseconds))
}

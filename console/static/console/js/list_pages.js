// The pages of a list, fetched as it is scrolled to its end; and the first one anew, when
// more was missed than can be told.

import { inbox, listOnShow } from "./belonging.js"
import { nameWindow } from "./counts.js"
import { moment } from "./drawings.js"
import { fetchFragment, fetchInTheEnd } from "./http.js"
import { live } from "./live_socket.js"
import { takePins } from "./row_marks.js"

const NEAR_END = 300 // px

export class ListPages {
  #host
  #add
  #isLoading = false
  #reloading = new AbortController()

  // host: the <inbox-list>. add(row, asked): puts a row there that was asked for at a moment.
  constructor(host, add, signal) {
    this.#host = host
    this.#add = add
    host.scroller.addEventListener("scroll", this.more, { signal, passive: true })
    host.querySelector("[data-more]").addEventListener("click", this.more, { signal })
    signal.addEventListener("abort", () => this.#reloading.abort())
  }

  more = async () => {
    const { list, scroller } = this.#host
    const { next } = list.dataset
    const { scrollHeight, scrollTop, clientHeight } = scroller
    if (!next || this.#isLoading || scrollHeight - scrollTop - clientHeight > NEAR_END) return
    this.#isLoading = true
    const failed = this.#host.querySelector(".rows-failed")
    failed.hidden = true
    const asked = moment()
    try {
      const page = await fetchFragment(`/inbox/?${query({ after: next })}`)
      for (const row of [...page.children]) this.#add(row, asked)
      list.dataset.next = page.dataset.next
    } catch {
      failed.hidden = false
      return
    } finally {
      this.#isLoading = false
    }
    this.more()
  }

  // Take the first page anew, and forget what may lie beyond it. Returns what tells the
  // rows that are no longer there, or null when nobody wants to know any more.
  async anew() {
    this.#reloading.abort()
    this.#reloading = new AbortController()
    const asked = moment()
    const pane = await fetchInTheEnd(`/inbox/?${query()}`, this.#reloading.signal)
    if (!pane) return null
    renewHead(pane)
    this.#renewChoice(pane)
    const drawn = pane.querySelector(".rows")
    const kept = new Set([...drawn.children].map((row) => row.id))
    this.#host.list.dataset.next = drawn.dataset.next
    for (const row of [...drawn.children]) this.#add(row, asked)
    return (row) => !kept.has(row.id)
  }

  // The mini programs there are to choose from may be others by now, or none.
  #renewChoice(pane) {
    const [old, renewed] = [inbox(), pane].map((one) => one.querySelector(".inbox__program"))
    if (old?.innerHTML !== renewed?.innerHTML) {
      old?.remove()
      if (renewed) inbox().querySelector(".narrow").before(renewed)
    }
    const { miniProgram, query } = pane.dataset
    inbox().dataset.query = query
    if (miniProgram === inbox().dataset.miniProgram) return
    inbox().dataset.miniProgram = miniProgram
    live.narrow(Number(miniProgram) || null)
  }
}

function renewHead(pane) {
  Object.assign(inbox().dataset, { pins: pane.dataset.pins, closingSoon: pane.dataset.closingSoon })
  takePins(inbox())
  for (const badge of pane.querySelectorAll("[data-count]")) {
    document.querySelector(`#inbox [data-count="${badge.dataset.count}"]`).replaceWith(badge)
  }
  nameWindow()
}

function query(more = {}) {
  return new URLSearchParams({ ...listOnShow(), ...more })
}

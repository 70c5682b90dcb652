// <command-palette> finds by name what can be done, the conversations of the list, common
// answers and, where the server can search, what was said. Chosen with the keyboard alone;
// focus goes back to where it was.

import { goesWhole } from "./answer_picker.js"
import { find as findAnswers } from "./answers.js"
import { fetchFragment } from "./http.js"
import { isMine } from "./ime.js"
import { ACTIONS } from "./key_actions.js"
import { openConversation, visit } from "./panes.js"

const MOST = 6 // of a kind, while something is looked for
const SAID_AFTER = 500 // ms without a key before the number is said, or the server asked

class CommandPalette extends HTMLElement {
  #opener = null
  #isComposing = false
  #later
  #asking = new AbortController()
  #does = new Map() // option's id → what choosing it does

  connectedCallback() {
    this.#query.addEventListener("input", () => this.#isComposing || this.#find())
    this.#query.addEventListener("compositionstart", () => (this.#isComposing = true))
    this.#query.addEventListener("compositionend", () => {
      this.#isComposing = false
      this.#find()
    })
    this.#query.addEventListener("keydown", this.#press)
    this.#list.addEventListener("mousedown", (event) => event.preventDefault())
    this.#list.addEventListener("click", ({ target }) => this.#choose(target.closest("[role=option]")))
    this.#dialog.addEventListener("click", ({ target }) => target === this.#dialog && this.#dialog.close())
    this.#dialog.addEventListener("close", this.#closed)
  }

  toggle() {
    if (this.#dialog.open) return this.#dialog.close()
    this.#opener = document.activeElement
    this.#query.value = ""
    this.#dialog.showModal()
    this.#find()
  }

  #closed = () => {
    clearTimeout(this.#later)
    this.#asking.abort()
    // What was chosen may have put focus elsewhere; nothing else may.
    if (document.activeElement === document.body || this.contains(document.activeElement)) this.#opener?.focus()
    this.#opener = null
  }

  #press = (event) => {
    if (!isMine(event)) return
    const options = this.#options
    const at = options.findIndex((one) => one.getAttribute("aria-selected") === "true")
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: Math.min(at + 8, options.length - 1), PageUp: Math.max(at - 8, 0) }[event.key]
    if (to !== undefined && options.length) this.#select(options.at(to % options.length))
    else if (event.key === "Enter") this.#choose(options[at])
    else return
    event.preventDefault()
  }

  #find() {
    const query = this.#query.value.trim()
    const words = fold(query).split(/\s+/).filter(Boolean)
    const groups = [
      ["conversations", conversations().filter((one) => passes(one, words))],
      ["actions", actions().filter((one) => passes(one, words))],
      ["answers", query ? answers(query) : []],
    ]
    // With nothing asked for, what can be done comes first.
    if (!query) groups.sort(([one]) => (one === "actions" ? -1 : 0))
    this.#show(groups, query)
    this.#askLater(query)
  }

  #show(groups, query) {
    this.#does.clear()
    const most = query ? MOST : Infinity
    const drawn = groups.flatMap(([group, found]) => (found.length ? [this.#draw(group, found.slice(0, most))] : []))
    this.#list.replaceChildren(...drawn)
    this.#select(this.#options[0])
    this.#explain(query)
  }

  #explain(query) {
    const none = this.querySelector(".palette__none")
    none.dataset.text ??= none.textContent
    none.textContent = none.dataset.text.replace("{q}", query)
    none.hidden = this.#options.length > 0
  }

  #draw(group, found) {
    const box = document.createElement("div")
    const title = Object.assign(document.createElement("p"), { className: "palette__group", id: `palette-${group}` })
    title.textContent = this.querySelector(`[data-group="${group}"]`).innerHTML.trim()
    box.setAttribute("role", "group")
    box.setAttribute("aria-labelledby", title.id)
    title.setAttribute("role", "presentation")
    box.append(title, ...found.map((one, index) => this.#option(`palette-${group}-${index}`, one)))
    return box
  }

  #option(id, { name, more = "", before, after, does }) {
    const option = Object.assign(document.createElement("div"), { id, className: "palette__option" })
    option.setAttribute("role", "option")
    option.setAttribute("aria-selected", "false")
    const part = (className, textContent) => Object.assign(document.createElement("span"), { className, textContent })
    option.append(...[before, part("palette__name", name), part("palette__more", more), after].filter(Boolean))
    this.#does.set(id, does)
    return option
  }

  #select(option) {
    for (const one of this.#options) one.setAttribute("aria-selected", one === option)
    this.#query.setAttribute("aria-activedescendant", option?.id ?? "")
    option?.scrollIntoView({ block: "nearest" })
  }

  #choose(option) {
    const does = option && this.#does.get(option.id)
    if (!does) return
    // Its action is about what had focus before.
    const opener = this.#opener
    this.#dialog.close()
    opener?.focus?.()
    does()
  }

  #askLater(query) {
    clearTimeout(this.#later)
    this.#asking.abort()
    this.#later = setTimeout(async () => {
      const status = this.querySelector("[data-hits]")
      if (query.length > 1 && this.dataset.src) await this.#ask(query)
      if (this.#dialog.open) status.textContent = status.dataset.hits.replace("{n}", this.#options.length)
    }, SAID_AFTER)
  }

  // What the server finds comes below the rest: nothing on show moves.
  async #ask(q) {
    this.#asking = new AbortController()
    const { signal } = this.#asking
    const found = await fetchFragment(`${this.dataset.src}?${new URLSearchParams({ q })}`, { signal }).catch(() => null)
    const links = [...(found?.querySelectorAll("a[href]") ?? [])].slice(0, MOST)
    if (signal.aborted || !links.length) return
    const hits = links.map((link) => ({ name: line(link), does: () => location.assign(link.href) }))
    this.#list.append(this.#draw("hits", hits))
    if (!this.querySelector("[aria-selected=true]")) this.#select(this.#options[0])
    this.#explain(q)
  }

  get #dialog() {
    return this.querySelector("dialog")
  }

  get #query() {
    return this.querySelector(".palette__query")
  }

  get #list() {
    return this.querySelector(".palette__list")
  }

  get #options() {
    return [...this.querySelectorAll("[role=option]")]
  }
}

function actions() {
  return [...document.querySelectorAll("#keys [data-pinyin]")].map((row) => ({
    name: row.firstElementChild.textContent,
    also: row.dataset.pinyin,
    after: row.lastElementChild.cloneNode(true),
    does: ACTIONS[row.dataset.does],
  }))
}

function conversations() {
  return [...document.querySelectorAll("inbox-list .row")].map((row) => ({
    name: row.querySelector(".row__name").textContent.trim(),
    more: line(row.querySelector(".row__line")),
    also: row.dataset.pinyin ?? "",
    before: row.querySelector(".avatar")?.cloneNode(true),
    does: () => visit(row.dataset.conversation),
  }))
}

function answers(query) {
  const composer = document.querySelector("message-composer")
  if (!composer || openConversation() === null) return []
  return findAnswers(query, Number(composer.dataset.miniProgram)).map((answer) => ({
    name: answer.title,
    more: answer.preview,
    does: () => use(composer, answer),
  }))
}

// Nothing is sent from here: what goes whole is shown by the picker first.
function use(composer, answer) {
  const { box } = composer
  box.focus()
  if (!goesWhole(answer)) document.dispatchEvent(new CustomEvent("desk:use-answer", { detail: { answer } }))
  else composer.insert(`${box.value && !/\s$/.test(box.value) ? " " : ""}/${answer.shortcut || answer.title}`, box.value.length, box.value.length)
}

function passes({ name, more = "", also = "" }, words) {
  const text = fold(`${name} ${more}`)
  return words.every((word) => text.includes(word) || also.split(" ").some((key) => key.startsWith(word)))
}

function line(element) {
  return element?.innerText.replace(/\s+/g, " ").trim() ?? ""
}

function fold(text) {
  return text.normalize("NFKC").toLowerCase()
}

customElements.define("command-palette", CommandPalette)

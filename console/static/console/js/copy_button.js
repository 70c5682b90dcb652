// <copy-button> holds a value in a read-only field, and a button that copies it.
//
// Where the browser gives no clipboard (plain HTTP on another machine than this one), the
// value is selected instead, and the page says so. A page that shows secrets once names in
// data-ask-again where a reload leads: to the question whether to make new ones.

class CopyButton extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").addEventListener("click", this.#copy)
    this.#field.addEventListener("focus", () => this.#field.select())
  }

  #copy = async () => {
    try {
      await navigator.clipboard.writeText(this.#field.value)
      this.#say(this.dataset.copied)
    } catch {
      this.#field.focus()
      this.#say(this.dataset.byHand)
    }
  }

  #say(words) {
    for (const other of document.querySelectorAll("copy-button output")) other.value = ""
    this.querySelector("output").value = words
  }

  get #field() {
    return this.querySelector("input, textarea")
  }
}

customElements.define("copy-button", CopyButton)

const shownOnce = document.querySelector("[data-ask-again]")
if (shownOnce) history.replaceState(null, "", shownOnce.dataset.askAgain)

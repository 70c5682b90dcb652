// A hand at a list: by pointer or by keyboard. While it is there nothing may move under it;
// five seconds after it was last seen to move, it counts as gone.

const AT_REST = 5000 // ms
const FELT = ["pointermove", "pointerdown", "keydown", "wheel", "focusin"]

export class Hand {
  #element
  #movedAt = -AT_REST
  #isPressed = false

  constructor(element, signal) {
    this.#element = element
    const on = (target, type, does) => target.addEventListener(type, does, { signal, passive: true })
    for (const type of FELT) on(element, type, () => (this.#movedAt = performance.now()))
    on(element, "pointerdown", () => (this.#isPressed = true))
    for (const type of ["pointerup", "pointercancel"]) on(window, type, () => (this.#isPressed = false))
  }

  get isHere() {
    if (this.#isPressed) return true
    const isNear = this.#element.matches(":hover") || this.#element.contains(document.activeElement)
    return isNear && performance.now() - this.#movedAt < AT_REST
  }
}

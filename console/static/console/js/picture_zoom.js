// How large a picture is shown, and which part of it: by the wheel, with two fingers, by a
// click; and by dragging it. 1 is as large as it fits.

const MOST = 5 // or the picture's own size, if that is larger
const CLICKED = 2 // at least, by a click
const DRAG = 4 // px a hand moves in a click

export class Zoom {
  #stage // what scrolls
  #image
  #factor = 1
  #fit // px, how wide it is at 1
  #fingers = new Map() // pointerId: [x, y]
  #hasDragged = false

  constructor(stage, image) {
    this.#stage = stage
    this.#image = image
    stage.addEventListener("wheel", this.#wheel, { passive: false })
    stage.addEventListener("pointerdown", this.#touch)
    stage.addEventListener("pointermove", this.#move)
    for (const type of ["pointerup", "pointercancel"]) stage.addEventListener(type, ({ pointerId }) => this.#fingers.delete(pointerId))
  }

  get isOn() {
    return this.#factor > 1
  }

  // Whether what was just pressed was a hand that moved, and no click.
  get hasDragged() {
    return this.#hasDragged
  }

  reset() {
    this.#fingers.clear()
    this.#to(1, 0, 0)
  }

  // To its own size, or larger, or back.
  toggle(x, y) {
    if (this.isOn) return this.reset()
    const { naturalWidth, clientWidth } = this.#image
    this.#to(Math.max(CLICKED, naturalWidth / clientWidth), x, y)
  }

  by(change, x = innerWidth / 2, y = innerHeight / 2) {
    this.#to(this.#factor * change, x, y)
  }

  // The point of the picture at x, y stays there.
  #to(wanted, x, y) {
    const image = this.#image
    const stage = this.#stage
    if (!this.isOn) this.#fit = image.clientWidth
    if (wanted > 1 && !this.#fit) return // Not there yet
    const most = Math.max(MOST, image.naturalWidth / this.#fit || 0) // 0/0 before it is there
    const before = image.getBoundingClientRect()
    this.#factor = Math.min(Math.max(wanted, 1), most)
    stage.classList.toggle("viewer__stage--zoomed", this.isOn)
    image.style.width = this.isOn ? `${this.#fit * this.#factor}px` : ""
    const after = image.getBoundingClientRect()
    stage.scrollLeft += after.left - x + ((x - before.left) * after.width) / before.width
    stage.scrollTop += after.top - y + ((y - before.top) * after.height) / before.height
  }

  // Two fingers on a touchpad come as a wheel with Ctrl, in smaller steps.
  #wheel = (event) => {
    event.preventDefault()
    const lines = event.deltaMode ? 16 : 1
    this.by(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), event.clientX, event.clientY)
  }

  #touch = (event) => {
    if (event.button !== 0) return
    if (!this.#fingers.size) this.#hasDragged = false
    this.#fingers.set(event.pointerId, [event.clientX, event.clientY])
  }

  #move = (event) => {
    const { pointerId, clientX, clientY, buttons } = event
    const known = this.#fingers.get(pointerId)
    if (!known || !buttons) return void this.#fingers.delete(pointerId)
    const [dx, dy] = [clientX - known[0], clientY - known[1]]
    if (!this.#hasDragged && Math.hypot(dx, dy) < DRAG) return
    if (!this.#hasDragged) this.#stage.setPointerCapture(pointerId)
    this.#hasDragged = true
    const before = this.#spread()
    this.#fingers.set(pointerId, [clientX, clientY])
    if (this.#fingers.size === 1) this.#stage.scrollBy(-dx, -dy)
    else this.by(this.#spread() / before, ...this.#middle())
  }

  #spread() {
    const [[x, y], [otherX, otherY] = [x + 1, y]] = this.#fingers.values()
    return Math.max(1, Math.hypot(x - otherX, y - otherY))
  }

  #middle() {
    const [[x, y], [otherX, otherY]] = this.#fingers.values()
    return [(x + otherX) / 2, (y + otherY) / 2]
  }
}

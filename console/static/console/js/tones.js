// Four soft tones, made here: nothing is fetched, and each is known by its tune.
//
// A browser plays nothing before somebody has pressed something on the page. Any press
// unlocks it; `alert:sound` says so. Each tone played is told as `alert:tone`.

const LOUDEST = 0.4 // gain
const ATTACK = 0.015 // s

// [pitch in Hz, begins at s, lasts s]
const TUNES = {
  message: [[660, 0, 0.3]],
  waiting: [[523, 0, 0.22], [659, 0.14, 0.34]],
  closing: [[494, 0, 0.2], [440, 0.18, 0.2], [370, 0.36, 0.4]],
  called: [[659, 0, 0.16], [784, 0.11, 0.16], [988, 0.22, 0.42]],
}

let audio = null

export function isUnlocked() {
  return audio?.state === "running"
}

// Try, at the beginning and with each press. Where there is no sound at all, nothing.
export function unlock() {
  if (!audio && window.AudioContext) {
    audio = new AudioContext({ latencyHint: "interactive" })
    audio.addEventListener("statechange", tell)
  }
  if (audio && audio.state !== "running") audio.resume().then(tell, () => {})
}

// `volume` in percent, as people feel it: half of it is half as loud.
export function play(tone, volume) {
  if (!isUnlocked() || !(volume > 0)) return false
  const loudness = LOUDEST * (volume / 100) ** 2
  for (const [pitch, begins, lasts] of TUNES[tone]) ring(pitch, audio.currentTime + begins, lasts, loudness)
  document.dispatchEvent(new CustomEvent("alert:tone", { detail: { tone, volume } }))
  return true
}

// Like a bell: there at once, and then fading.
function ring(pitch, at, lasts, loudness) {
  const [voice, hull] = [audio.createOscillator(), audio.createGain()]
  voice.type = "sine"
  voice.frequency.value = pitch
  hull.gain.setValueAtTime(0, at)
  hull.gain.linearRampToValueAtTime(loudness, at + ATTACK)
  hull.gain.exponentialRampToValueAtTime(0.0001, at + lasts)
  voice.connect(hull).connect(audio.destination)
  voice.start(at)
  voice.stop(at + lasts)
}

function tell() {
  document.dispatchEvent(new CustomEvent("alert:sound", { detail: { isUnlocked: isUnlocked() } }))
}

for (const press of ["pointerdown", "pointerup", "keydown"]) {
  addEventListener(press, () => isUnlocked() || unlock(), { capture: true, passive: true })
}

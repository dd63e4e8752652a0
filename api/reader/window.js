// The window in which somebody signs in to write: it hands what they were given to the page that opened it, of that
// origin and no other, and says so where there is no such page any more.
const { origin, handed } = document.querySelector('main').dataset

// Continue works half a second after the window has the focus and its user moved the pointer, touched it, pressed a key or
// moved the focus there: a page may open this window under a pointer that is about to click. Until then the button takes
// the focus all the same, so that keyboards and screen readers reach it.
const button = document.querySelector('[value=continue]')
let ready = false
let waiting = 0

function attend() {
  if (!ready && !waiting && document.hasFocus())
    waiting = setTimeout(() => {
      ready = true
      button.ariaDisabled = null
      button.style.opacity = ''
    }, 500)
}

function rest() {
  clearTimeout(waiting)
  waiting = 0
  ready = false
  button.ariaDisabled = 'true'
  button.style.opacity = '0.6'
}

if (button) {
  button.disabled = false
  rest()
  for (const sign of ['pointermove', 'pointerdown', 'keydown', 'focusin']) addEventListener(sign, attend)
  addEventListener('blur', rest)
  addEventListener('pagehide', rest)
  button.form.addEventListener('submit', event => {
    if (event.submitter?.value !== 'leave' && !ready) event.preventDefault()
  })
}

if (!window.opener) {
  document.getElementById('cut').hidden = false
  document.getElementById('way').hidden = true
} else if (handed) {
  window.opener.postMessage(JSON.parse(handed), origin)
  window.close()
}

// The sign-in window. It posts the identity to its opener, restricted to the opener's origin. If there is no opener, it
// shows a message.
const { origin, handed } = document.querySelector('main').dataset

// Clickjacking protection: a page may open this window under a pointer that is about to click. The Continue button works
// half a second after the window has the focus and got pointer, touch, key or focus input. Until then the button is
// aria-disabled but focusable, so that keyboards and screen readers reach it.
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

/** Puts what the server tells of on top of the live feed's list, until the person stops it. */
const list = document.querySelector('[data-live]')
const button = document.querySelector('[data-live-switch]')
const state = document.querySelector('[data-live-state]')
const shownRows = 200
let source

const start = () => {
  source = new EventSource(list.dataset.live)
  source.addEventListener('open', () => {
    state.textContent = 'live'
  })
  source.addEventListener('error', () => {
    state.textContent = 'the connection is lost; trying again'
  })
  source.addEventListener('rows', (event) => {
    const rows = document.createElement('tbody')
    rows.innerHTML = event.data
    list.prepend(...rows.rows)
    while (list.rows.length > shownRows) list.deleteRow(-1)
  })
  button.textContent = 'Pause'
}

const stop = () => {
  source.close()
  source = undefined
  state.textContent = 'paused'
  button.textContent = 'Go on'
}

if (list && button) {
  button.hidden = false
  button.addEventListener('click', () => (source ? stop() : start()))
  start()
}

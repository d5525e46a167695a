// Updates the page without a reload and draws its charts from its tables. Content from the server
// is only ever handled as a document: no text becomes markup here.
'use strict';

const askEvery = 5000;     // while all is well
const askAgain = 2000;     // after no answer
const patience = 10000;    // with one question
const staleAfter = 12000;  // without an answer; a restart takes less

let etag = '';
let asking = null;         // the question that runs
let asked = Date.now();
let answered = Date.now(); // this page is the first answer
let failed = false;
let ahead = 0;             // of the server's clock to ours, milliseconds

const main = () => document.getElementById('live');

function ask() {
  if (asking) return;
  asked = Date.now();
  const request = asking = new XMLHttpRequest();
  request.open('GET', 'live');
  request.responseType = 'document';
  request.timeout = patience;
  if (etag) request.setRequestHeader('If-None-Match', etag);
  request.onload = () => {
    const next = request.status === 200 && request.response && request.response.getElementById('live');
    if (!next && request.status !== 304) return;
    failed = false;
    answered = Date.now();
    ahead = Date.parse(request.getResponseHeader('Date')) - answered || 0;
    if (!next) return;
    if (next.dataset.build !== main().dataset.build) { location.reload(); return; }
    etag = request.getResponseHeader('ETag') || '';
    document.title = next.dataset.tab;
    morph(main(), next);
    draw();
  };
  request.onloadend = () => {
    asking = null;
    if (answered < asked) failed = true;
    updateTimes();
  };
  request.send();
}

// morph changes old into next and leaves alone what is the same: focus, selection, scrolled tables
// and opened details stay.
function morph(old, next) {
  if (old.nodeType !== next.nodeType || old.nodeName !== next.nodeName || old.id !== next.id) {
    old.replaceWith(next);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  for (const {name} of [...old.attributes]) {
    if (!next.hasAttribute(name) && !kept(old, name)) old.removeAttribute(name);
  }
  for (const {name, value} of next.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if ('drawn' in old.dataset) return;
  const present = [...old.childNodes], wanted = [...next.childNodes];
  wanted.forEach((node, i) => i < present.length ? morph(present[i], node) : old.append(node));
  present.slice(wanted.length).forEach(node => node.remove());
}

// kept reports whether an attribute is ours, or the reader's.
const kept = (element, name) => element.nodeName === 'DETAILS' && name === 'open' || 'drawn' in element.dataset;

function age(seconds) {
  const ago = seconds >= 0, s = Math.abs(seconds);
  const text = s < 60 ? `${Math.floor(s)} s` : s < 3600 ? `${Math.floor(s / 60)} min` : s < 172800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} days`;
  return ago ? text + ' ago' : 'in ' + text;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// updateTimes updates everything that depends only on the time.
function updateTimes() {
  const now = Date.now();
  const late = failed || asking && now - asked > 3000;
  const stale = Boolean(late && now - answered > staleAfter);
  document.documentElement.classList.toggle('stale', stale);
  write(document.getElementById('connection'), stale ? 'No answer from the collector; showing the last known state,' : 'Live,');
  const shown = new Date(answered + ahead), asOf = document.getElementById('as-of');
  asOf.dateTime = shown.toISOString();
  write(asOf, clock(shown, asOf.dataset.zone));
  for (const span of document.querySelectorAll('.age')) {
    const seconds = (now + ahead - Date.parse(span.dataset.since)) / 1000;
    write(span, `(${age(seconds)})`);
  }
}

function clock(time, zone) {
  const form = {hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23'};
  try {
    return new Intl.DateTimeFormat('en-GB', {...form, timeZone: zone}).format(time);
  } catch { // a zone that this browser does not know
    return new Intl.DateTimeFormat('en-GB', {...form, timeZone: 'UTC', timeZoneName: 'short'}).format(time);
  }
}

// A tick per second also notices that a laptop has slept, because it checks the time since the last
// request.
function tick() {
  if (document.hidden) return;
  if (Date.now() - asked >= (failed ? askAgain : askEvery)) ask();
  updateTimes();
}

setInterval(tick, 1000);
document.addEventListener('visibilitychange', tick);
addEventListener('online', tick);
addEventListener('pageshow', tick);

// Charts.

const drawn = new Map(); // plot to its chart

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function rowsOf(plot) {
  return [...plot.parentElement.querySelectorAll('tbody tr')].map(row => {
    const [label, connections, time, state] = [...row.cells].map(cell => cell.textContent);
    return {
      value: Number(row.dataset.value), tick: row.dataset.tick, gap: 'gap' in row.dataset,
      said: `${label}: ${connections} ${connections === '1' ? 'connection' : 'connections'}, ${time}${state && state !== 'sealed' ? ', ' + state : ''}`,
    };
  });
}

// ticks returns the labels that fit on the axis.
function ticks(rows, slots, width) {
  const all = [];
  for (let i = 0; i < slots; i++) {
    const tick = rows[i] ? rows[i].tick : String(i).padStart(2, '0');
    if (tick) all.push({at: i, tick});
  }
  const room = Math.max(1, Math.floor(width / 56));
  const every = [1, 2, 3, 4, 6, 8, 12].find(n => all.length / n <= room) || all.length;
  return all.filter((_, i) => i % every === 0);
}

class Chart {
  constructor(plot) {
    this.plot = plot;
    this.said = plot.appendChild(Object.assign(document.createElement('p'), {className: 'said'}));
    this.at = -1;
    this.read();
    this.build();
    plot.addEventListener('keydown', event => this.key(event));
    plot.addEventListener('blur', () => this.point(-1));
    new ResizeObserver(() => this.uplot.setSize(this.size())).observe(plot);
  }

  size() { return {width: this.plot.clientWidth, height: this.plot.clientHeight}; }

  read() {
    this.rows = rowsOf(this.plot);
    this.slots = Number(this.plot.dataset.slots);
    this.title = this.plot.parentElement.querySelector('h3').textContent;
    const slider = {
      role: 'slider', tabindex: '0', 'aria-label': `${this.title}: connections, one bar at a time`,
      'aria-valuemin': '1', 'aria-valuemax': String(this.rows.length),
    };
    for (const [name, value] of Object.entries(slider)) this.plot.setAttribute(name, value);
    this.value(this.at < 0 ? this.rows.length - 1 : this.at);
  }

  value(i) {
    this.plot.setAttribute('aria-valuenow', String(i + 1));
    this.plot.setAttribute('aria-valuetext', this.rows[i] ? this.rows[i].said : '');
  }

  data() {
    const at = [...Array(this.slots).keys()];
    return [at, at.map(i => this.rows[i] ? this.rows[i].value : null)];
  }

  build() {
    if (this.uplot) this.uplot.destroy();
    const [fill, bad, quiet, line] = ['--fill', '--bad', '--quiet', '--line'].map(colour);
    const font = '12px ' + getComputedStyle(document.body).fontFamily;
    let shown = [];
    this.uplot = new uPlot({
      ...this.size(),
      padding: [12, 4, 0, 0],
      legend: {show: false},
      cursor: {y: false, points: {show: false}, drag: {x: false, y: false}},
      scales: {
        x: {time: false, range: () => [-0.5, this.slots - 0.5]},
        y: {range: (_, __, most) => [0, Math.max(most * 1.05, 4)]},
      },
      axes: [
        {
          stroke: quiet, font, size: 26, gap: 6, grid: {show: false}, ticks: {show: false},
          splits: u => (shown = ticks(this.rows, this.slots, u.width)).map(t => t.at),
          values: () => shown.map(t => t.tick),
        },
        {
          stroke: quiet, font, size: 44, gap: 6, space: 44, grid: {stroke: line, width: 1}, ticks: {show: false},
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6],
          values: (_, splits) => splits.map(n => n.toLocaleString('en')),
        },
      ],
      series: [{}, {fill, width: 0, points: {show: false}, paths: uPlot.paths.bars({size: [0.72, 36], radius: 0.12})}],
      hooks: {
        setCursor: [u => this.say(u.cursor.idx)],
        draw: [u => this.gaps(u, bad)],
      },
    }, this.data(), this.plot);
    this.uplot.root.setAttribute('aria-hidden', 'true');
  }

  // gaps marks lost days with a cross; without it they would look like quiet days.
  gaps(u, bad) {
    const size = 3.5 * devicePixelRatio, {ctx} = u;
    ctx.save();
    ctx.strokeStyle = bad;
    ctx.lineWidth = 1.75 * devicePixelRatio;
    ctx.beginPath();
    this.rows.forEach((row, i) => {
      if (!row.gap) return;
      const x = u.valToPos(i, 'x', true), y = u.valToPos(0, 'y', true) - 2.5 * size;
      ctx.moveTo(x - size, y - size);
      ctx.lineTo(x + size, y + size);
      ctx.moveTo(x + size, y - size);
      ctx.lineTo(x - size, y + size);
    });
    ctx.stroke();
    ctx.restore();
  }

  say(i) { write(this.said, i == null || !this.rows[i] ? '' : this.rows[i].said); }

  point(i) {
    this.at = i;
    if (i < 0) {
      this.uplot.setCursor({left: -10, top: -10});
      return;
    }
    this.value(i);
    this.uplot.setCursor({left: this.uplot.valToPos(i, 'x'), top: 10});
  }

  key(event) {
    const last = this.rows.length - 1, now = this.at < 0 ? last + 1 : this.at;
    const to = {ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, PageDown: now - 7, PageUp: now + 7, Home: 0, End: last}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.point(Math.min(Math.max(to, 0), last));
  }

  refresh() {
    this.read();
    this.uplot.setData(this.data());
    this.say(this.uplot.cursor.idx);
  }
}

function draw() {
  if (!window.uPlot) return;
  for (const plot of drawn.keys()) if (!plot.isConnected) drawn.delete(plot);
  for (const plot of document.querySelectorAll('.plot')) {
    if (drawn.has(plot)) drawn.get(plot).refresh();
    else drawn.set(plot, new Chart(plot));
  }
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawn.forEach(chart => chart.build()));
draw();
updateTimes();

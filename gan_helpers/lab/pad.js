// The drawing pad. Units are those of the data: the square [-LIMIT, LIMIT] x [-LIMIT, LIMIT], y upwards.
const LIMIT = 1.2, MOST = 2000, SYNC_MS = 200, STEP = 0.05, LARGE_STEP = 0.2;
const BRUSHES = {    // how far points scatter, how far along a stroke the next one is, how many a click makes
  "Small cloud": { scatter: 0.04, gap: 0.02, click: 12 },
  "Wide cloud": { scatter: 0.12, gap: 0.01, click: 24 },
  "One point": { scatter: 0, gap: 0.05, click: 1 },
};
const HELP = "Pad to draw points on. Arrow keys move a cross, with Shift in large steps. Space or Enter puts points "
  + "there. Backspace takes the last stroke back.";
const inside = (x, y) => Math.abs(x) <= LIMIT && Math.abs(y) <= LIMIT;
const clamp = v => Math.round(100 * Math.max(-LIMIT, Math.min(LIMIT, v))) / 100;
const text = (v, decimals) => v.toFixed(decimals).replace("-", "−");     // a hyphen may not be read aloud
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

export default () => {
  // What all views of one model share: anywidget calls this function once for each model.
  let model, points = [], before = [], timer = 0, ours = false;
  const views = new Set(), show = () => views.forEach(view => view());

  function sync() {
    clearTimeout(timer);
    timer = 0;
    ours = true;
    model.set("points", points.slice());
    ours = false;
    model.save_changes();
  }
  function replace(list) {          // a step that Undo can take back
    before = [...before.slice(-99), points];
    points = list;
  }
  const undo = () => { if (before.length) { points = before.pop(); show(); sync(); } };
  const clear = () => { if (points.length) { replace([]); show(); sync(); } };

  function stroke(brush, x, y) {    // points along a path, as far apart after a fast movement as after a slow one
    let left = brush.gap, made = 0;
    replace(points.slice());
    const drop = (x, y) => {
      if (points.length >= MOST || !inside(x, y)) return;
      let point;
      do point = [x, y].map(v => Math.round(1000 * (v + brush.scatter * normal())) / 1000); while (!inside(...point));
      points.push(point);
      made += 1;
    };
    drop(x, y);
    return {
      to(newX, newY) {
        const dx = newX - x, dy = newY - y, length = Math.hypot(dx, dy);
        for (; left <= length; left += brush.gap) drop(x + dx * left / length, y + dy * left / length);
        [x, y, left] = [newX, newY, left - length];
        show();
        timer ||= setTimeout(sync, SYNC_MS);
      },
      end() {                       // a click has no path: it gets a whole cloud
        for (let i = made; i < brush.click; i++) drop(x, y);
        if (!made) before.pop();
        show();
        sync();
      },
    };
  }

  function initialize(lifecycle) {
    model = lifecycle.model;
    points = model.get("points");
    model.on("change:points", () => { if (!ours) { replace(model.get("points").slice()); show(); } });
  }

  function render({ model, el }) {
    el.innerHTML = `<div class="gan-pad"><canvas tabindex="0" role="application"></canvas>
      <div class="gan-pad-row"><label class="jupyter-widgets widget-dropdown">Brush <select></select></label>
      <button type="button" class="jupyter-widgets jupyter-button widget-button">Undo</button>
      <button type="button" class="jupyter-widgets jupyter-button widget-button">Clear</button></div>
      <div class="gan-pad-line" role="status" aria-live="polite"></div></div>`;
    const [pad, canvas, select, line] = [".gan-pad", "canvas", "select", ".gan-pad-line"].map(s => el.querySelector(s));
    const [undoButton, clearButton] = el.querySelectorAll("button"), stop = new AbortController();
    const on = (target, names, act, options) => names.split(" ").forEach(
      name => target.addEventListener(name, act, { signal: stop.signal, ...options }));
    let cross = { x: 0, y: 0, shown: false }, drawn = null, pointer = null, frame = 0;
    select.append(...Object.keys(BRUSHES).map(name => new Option(name)));
    canvas.setAttribute("aria-label", HELP);
    const resize = () => pad.style.setProperty("--size", `${model.get("size")}px`);

    function draw() {
      frame = 0;
      const n = points.length, full = n >= MOST ? ", as many as the pad holds" : "";
      const says = n ? `${n.toLocaleString("en")} point${n > 1 ? "s" : ""}${full}.`
        : "No points yet: draw with a mouse, finger or pen, or with the arrow keys and Space.";
      const where = cross.shown ? ` Cross at x = ${text(cross.x, 2)}, y = ${text(cross.y, 2)}.` : "";
      if (line.textContent !== says + where) line.textContent = says + where;
      const size = canvas.clientWidth, pixels = Math.round(size * devicePixelRatio), g = canvas.getContext("2d");
      if (!size) return;            // not in the page yet
      if (canvas.height !== pixels) canvas.width = canvas.height = pixels;     // it begins as 300x150
      const at = v => (v / LIMIT + 1) * size / 2, segment = (...ends) => {
        g.beginPath(); g.moveTo(...ends[0]); g.lineTo(...ends[1]); g.stroke();
      };
      g.setTransform(pixels / size, 0, 0, pixels / size, 0, 0);
      g.fillStyle = "white";
      g.fillRect(0, 0, size, size);
      Object.assign(g, { fillStyle: "#666", font: "11px sans-serif", lineWidth: 1 });
      for (const v of [-1, 0, 1]) {
        g.strokeStyle = v ? "#eee" : "#ccc";
        segment([at(v), 0], [at(v), size]);
        segment([0, at(v)], [size, at(v)]);
        g.fillText(text(v, 0), at(v) + 3, size - 4);
        g.fillText(text(v, 0), 3, at(-v) - 3);
      }
      g.fillStyle = "#0072B299";
      for (const [x, y] of points) { g.beginPath(); g.arc(at(x), at(-y), 3, 0, 7); g.fill(); }
      if (!cross.shown) return;
      for (const [width, colour] of [[5, "white"], [2, "black"]]) {
        Object.assign(g, { lineWidth: width, strokeStyle: colour });
        segment([at(cross.x) - 10, at(-cross.y)], [at(cross.x) + 10, at(-cross.y)]);
        segment([at(cross.x), at(-cross.y) - 10], [at(cross.x), at(-cross.y) + 10]);
      }
    }
    const view = () => { frame ||= requestAnimationFrame(draw); };
    const place = event => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width * 2 - 1) * LIMIT,
        (1 - (event.clientY - box.top) / box.height * 2) * LIMIT];
    };

    on(canvas, "pointerdown", event => {
      if (drawn || event.button || !event.isPrimary) return;
      event.preventDefault();       // no selecting of text or cells meanwhile; the focus we set ourselves
      canvas.focus({ preventScroll: true });
      try { canvas.setPointerCapture(event.pointerId); } catch { /* the finger has left already */ }
      pointer = event.pointerId;
      drawn = stroke(BRUSHES[select.value], ...place(event));
      [cross.x, cross.y, cross.shown] = [...place(event).map(clamp), false];
      view();
    });
    on(canvas, "pointermove", event => {
      if (!drawn || event.pointerId !== pointer) return;
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length ? all : [event]) drawn.to(...place(one));
      [cross.x, cross.y] = place(event).map(clamp);
    });
    on(canvas, "pointerup pointercancel lostpointercapture", event => {
      if (!drawn || event.pointerId !== pointer) return;
      drawn.end();
      drawn = null;
    });
    on(canvas, "contextmenu", event => { if (drawn) event.preventDefault(); });   // a finger that rests
    on(canvas, "focus", () => { cross.shown = canvas.matches(":focus-visible"); view(); });
    on(canvas, "blur", () => { cross.shown = false; view(); });

    function press(key, large) {
      const step = large ? LARGE_STEP : STEP;
      const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[key]
        ?? [0, 0];
      cross = { x: clamp(cross.x + dx), y: clamp(cross.y + dy), shown: true };
      if (key === "Backspace") undo();
      if (key === " " || key === "Enter") stroke(BRUSHES[select.value], cross.x, cross.y).end();
      view();
    }
    // Before anyone else: JupyterLab listens on the document, and moves to another cell at an arrow key.
    on(window, "keydown", event => {
      const target = event.composedPath()[0];
      if (!pad.contains(target) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (!/^(Arrow(Left|Right|Up|Down)|Backspace|Enter| )$/.test(event.key)) return;
      if (event.key === "Enter" && event.shiftKey) return;      // run the cell
      event.stopImmediatePropagation();
      if (target !== canvas) return;
      event.preventDefault();
      press(event.key, event.shiftKey);
    }, { capture: true });
    on(undoButton, "click", undo);
    on(clearButton, "click", clear);
    on(window, "resize", view);     // or another zoom
    const watch = new ResizeObserver(view);
    watch.observe(canvas);
    model.on("change:size", resize);
    resize();
    views.add(view);
    view();
    return () => {
      drawn?.end();
      stop.abort();
      watch.disconnect();
      cancelAnimationFrame(frame);
      views.delete(view);
      model.off("change:size", resize);
    };
  }
  return { initialize, render };
};

// Tooltips and a common cross-hair; the page says everything without them.
(function () {
  "use strict";
  var SVG = "http://www.w3.org/2000/svg";
  var tip = document.body.appendChild(document.createElement("div"));
  tip.id = "tip";

  // The names of charts are read aloud, not shown over the tooltip.
  document.querySelectorAll("svg.plot").forEach(function (plot) {
    var title = plot.querySelector(":scope > title");
    if (title) {
      plot.setAttribute("aria-label", title.textContent);
      plot.removeAttribute("aria-labelledby");
      plot.setAttribute("aria-describedby", plot.querySelector(":scope > desc").id);
      title.remove();
    }
  });

  function points(path) {
    if (!path.points) {
      path.points = path.getAttribute("d").split("M").slice(1).map(function (part) {
        var numbers = part.replace("h0", "").split(/[L ]/).map(Number), found = [];
        for (var n = 0; n + 1 < numbers.length; n += 2) {
          found.push([numbers[n] / 1000, numbers[n + 1]]);
        }
        return found;
      });
    }
    return path.points;
  }

  // The point next to a place: none where the place is inside a gap.
  function nearest(path, share) {
    var best = null, least = 0.02;
    points(path).forEach(function (part) {
      var inside = share >= part[0][0] && share <= part[part.length - 1][0];
      part.forEach(function (point) {
        var far = Math.abs(point[0] - share);
        if (far < least || (inside && (best === null || far < Math.abs(best[0] - share)))) {
          best = point;
          least = Math.min(least, far);
        }
      });
    });
    return best;
  }

  function value(data, height) {
    var share = 1 - height / Number(data.height);
    var low = Number(data.low), high = Number(data.high);
    return data.log === "1" ? low * Math.pow(high / low, share) : low + (high - low) * share;
  }

  function rendered(data, number) {
    if (data.log !== "1") {
      return number.toPrecision(3) + " " + data.unit;
    }
    var units = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];
    var unit = units.find(function (u) { return number >= u[0]; }) || units[3];
    return (number / unit[0]).toPrecision(3) + " " + unit[1];
  }

  function lines(plot, share) {
    var data = plot.dataset, below = 0;
    var paths = Array.prototype.slice.call(plot.querySelectorAll("path.line")).reverse();
    return paths.map(function (path) {
      var point = nearest(path, share);
      if (point === null) {
        return path.dataset.name + ": no value";
      }
      var number = value(data, point[1]);
      var own = data.stacked === "1" ? Math.max(number - below, 0) : number;
      below = number;
      return path.dataset.name + ": " + rendered(data, own);
    });
  }

  function cross(plot, share) {
    var line = plot.querySelector(":scope > line.cross");
    if (!line) {
      line = plot.appendChild(document.createElementNS(SVG, "line"));
      line.setAttribute("class", "cross");
      line.setAttribute("y1", "0");
      line.setAttribute("y2", "100%");
    }
    line.setAttribute("x1", 100 * share + "%");
    line.setAttribute("x2", 100 * share + "%");
  }

  function show(event, plot, group) {
    var box = plot.getBoundingClientRect();
    var share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    group.querySelectorAll("figure.timed svg.plot").forEach(function (other) {
      cross(other, share);
    });
    var time = (share * Number(plot.dataset.end)).toPrecision(4) + " s";
    tip.textContent = [time].concat(lines(plot, share)).join("\n");
    tip.style.display = "block";
    var left = event.pageX + 14;
    if (left + tip.offsetWidth > window.innerWidth - 8) {
      left = Math.max(event.pageX - tip.offsetWidth - 14, 8);
    }
    tip.style.left = left + "px";
    tip.style.top = event.pageY + 14 + "px";
  }

  function hide(group) {
    tip.style.display = "none";
    group.querySelectorAll("line.cross").forEach(function (line) { line.remove(); });
  }

  document.querySelectorAll(".timed-group").forEach(function (group) {
    group.querySelectorAll("figure.timed svg.plot").forEach(function (plot) {
      plot.addEventListener("pointermove", function (event) { show(event, plot, group); });
      plot.addEventListener("pointerleave", function () { hide(group); });
    });
  });

  // On paper nothing is folded away.
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details:not([open])").forEach(function (fold) {
      fold.dataset.folded = "1";
      fold.open = true;
    });
  });
  window.addEventListener("afterprint", function () {
    document.querySelectorAll("details[data-folded]").forEach(function (fold) {
      delete fold.dataset.folded;
      fold.open = false;
    });
  });
})();

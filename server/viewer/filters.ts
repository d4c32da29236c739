import type { Detection } from '../../models/core/types.ts';
import { element } from './elements.ts';
import type { FrameMessage } from './protocol.ts';
import type { Zones } from './zones.ts';

/** What of a frame is shown, as set by the controls on the page. */
export interface Filters {
  /** Picks the detections to show. */
  apply(frame: FrameMessage): Detection[];
  /** Adds a checkbox for every class not seen before. */
  learn(detections: readonly Detection[]): void;
  /** Offers the zones that there are now. */
  learnZones(): void;
}

/**
 * Binds the score slider, the zones and the class checkboxes.
 * @param onChange called after every change by hand
 */
export function createFilters(zones: Zones, onChange: () => void): Filters {
  const slider = element('minimum-score', HTMLInputElement);
  const output = element('minimum-score-value', HTMLOutputElement);
  const zone = element('zone', HTMLSelectElement);
  const zoneRow = element('zone-row', HTMLElement);
  const list = element('classes', HTMLElement);
  const hint = element('classes-hint', HTMLElement);
  /** A checkbox per label. */
  const boxes = new Map<string, HTMLInputElement>();

  slider.addEventListener('input', () => {
    output.value = Number(slider.value).toFixed(2);
    onChange();
  });
  list.addEventListener('change', onChange);
  zone.addEventListener('change', onChange);
  for (const [id, checked] of [
    ['classes-all', true],
    ['classes-none', false],
  ] as const) {
    element(id, HTMLButtonElement).addEventListener('click', () => {
      for (const box of boxes.values()) {
        box.checked = checked;
      }
      onChange();
    });
  }

  function add(label: string): void {
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.checked = true;
    const name = document.createElement('label');
    name.className = 'chip';
    name.append(box, label);
    boxes.set(label, box);
    // In alphabetical order, so that a class is found where it was.
    const after = [...list.children].find((child) => (child.textContent ?? '') > label);
    list.insertBefore(name, after ?? null);
    hint.hidden = true;
  }

  return {
    apply(frame) {
      const minScore = Number(slider.value);
      return frame.detections.filter(
        (detection) =>
          detection.score >= minScore &&
          boxes.get(detection.label)?.checked !== false &&
          (zone.value === '' || zones.contains(zone.value, frame, detection)),
      );
    },
    learnZones() {
      const chosen = zone.value;
      const options = zones.names.map((name) => new Option(name));
      zone.replaceChildren(new Option('everywhere', ''), ...options);
      zone.value = zones.names.includes(chosen) ? chosen : '';
      zoneRow.hidden = zones.names.length === 0;
    },
    learn(detections) {
      for (const { label } of detections) {
        if (!boxes.has(label)) {
          add(label);
        }
      }
    },
  };
}

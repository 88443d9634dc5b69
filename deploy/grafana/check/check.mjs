// Holds every dashboard against Grafana's own types, and every unit against Grafana's own list.
//
//   npm install --ignore-scripts --legacy-peer-deps && npm run check
//
// tsc finds a wrong type and an unknown key of a dashboard, a panel, a target, a variable. Options of a kind of panel
// are held against that kind's own types; those that are left out have Grafana's defaults. What a source wants of an
// annotation is the source's own.
import {execFileSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const dashboards = join(here, '../dashboards');
const out = join(here, 'build');
const require = createRequire(import.meta.url);

// @grafana/data asks for a browser's language when it is loaded.
Object.defineProperty(globalThis, 'navigator', {value: {language: 'en-US', languages: ['en-US']}, configurable: true});
const {getValueFormats} = require('@grafana/data');
const units = new Set(getValueFormats().flatMap((group) => group.submenu.map((format) => format.value)));

/** Where Grafana publishes the types of a kind's options. */
const KINDS = {
  timeseries: 'TimeSeries',
  stat: 'Stat',
  gauge: 'Gauge',
  bargauge: 'BarGauge',
  table: 'Table',
  heatmap: 'Heatmap',
};
const typesOf = (kind) => `@grafana/schema/dist/esm/raw/composable/${kind}/panelcfg/x/${KINDS[kind]}PanelCfg_types.gen`;

rmSync(out, {recursive: true, force: true});
mkdirSync(out);
let faults = 0;
let panels = 0;
for (const file of readdirSync(dashboards).sort()) {
  const dashboard = JSON.parse(readFileSync(join(dashboards, file), 'utf8'));
  const lines = ["import type {Dashboard, Panel} from '@grafana/schema';"];
  // JSON has an enumeration's values, not its names.
  lines.push('type Json<T> = T extends string ? `${T}` : T extends (infer U)[] ? Json<U>[] : T extends object ? {[K in keyof T]: Json<T[K]>} : T;');
  for (const kind of Object.keys(KINDS)) lines.push(`import type * as ${kind} from '${typesOf(kind)}';`);
  const {panels: all, ...rest} = dashboard;
  for (const annotation of rest.annotations.list) delete annotation.target;
  lines.push(`export const dashboard: Json<Dashboard> = ${JSON.stringify(rest, null, 1)};`);
  for (const panel of all) {
    if (panel.type === 'row') continue;
    panels += 1;
    if (!KINDS[panel.type]) throw new Error(`${file}: ${panel.title}: no kind of panel ${panel.type}`);
    lines.push(`export const panel${panel.id}: Json<Panel> = ${JSON.stringify(panel, null, 1)};`);
    lines.push(`export const options${panel.id}: Partial<Json<${panel.type}.Options>> = ${JSON.stringify(panel.options, null, 1)};`);
    if (panel.type === 'timeseries') {
      const custom = JSON.stringify(panel.fieldConfig.defaults.custom, null, 1);
      lines.push(`export const custom${panel.id}: Json<timeseries.FieldConfig> = ${custom};`);
    }
    const unit = [panel.fieldConfig.defaults.unit];
    for (const each of panel.fieldConfig.overrides) unit.push(...each.properties.map((property) => property.value));
    for (const each of unit) {
      if (!units.has(each) && !/^suffix: ?\S/.test(each)) {
        console.error(`${file}: ${panel.title}: Grafana knows no unit ${each}`);
        faults += 1;
      }
    }
  }
  writeFileSync(join(out, `${file.replace('.json', '')}.ts`), lines.join('\n') + '\n');
}
const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--moduleResolution', 'nodenext'];
const files = readdirSync(out).map((file) => join(out, file));
try {
  execFileSync(join(here, 'node_modules/.bin/tsc'), [...flags, ...files], {stdio: 'inherit'});
} catch {
  faults += 1;
}
if (faults > 0) process.exit(1);
console.log(`${files.length} dashboards, ${panels} panels: types and units are Grafana's`);

// One dashboard, drawn with Grafana's own components from recorded answers.
import {createTheme, dateTime, FieldType, getDisplayProcessor, getFieldDisplayName, getFieldDisplayValues, toDataFrame, ThemeContext} from '@grafana/data';
import {BarGauge, BigValue, GlobalStyles, PanelChrome, Table, TimeSeries} from '@grafana/ui';
import {createRoot} from 'react-dom/client';

const COLUMN = 64;
const ROW = 38;
const theme = createTheme({colors: {mode: 'dark'}});
const {dashboard, answers, from, to} = window.podometer;
const range = {from: dateTime(from * 1000), to: dateTime(to * 1000), raw: {from: 'now-1m', to: 'now'}};

/** What Grafana makes of a legend such as {{namespace}}/{{pod}}. */
function named(legend, labels) {
  const text = legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => labels[name] ?? '');
  return text === '__auto' || text === '' ? JSON.stringify(labels) : text;
}

/** Series of a query of a range as frames. */
function series(panel) {
  const frames = [];
  panel.targets.forEach((target, place) => {
    for (const row of answers[panel.id]?.[place] ?? []) {
      frames.push(toDataFrame({
        refId: target.refId,
        name: named(target.legendFormat, row.metric),
        fields: [
          {name: 'Time', type: FieldType.time, values: row.values.map(([time]) => time * 1000)},
          {
            name: 'Value', type: FieldType.number, labels: row.metric,
            config: {displayNameFromDS: named(target.legendFormat, row.metric)},
            values: row.values.map(([, value]) => (Number.isFinite(+value) ? +value : null)),
          },
        ],
      }));
    }
  });
  return frames;
}

/** The newest values of all queries of a table, joined by their labels: what `merge` and `organize` do. */
function rows(panel) {
  const found = new Map();
  const labels = new Set();
  const columns = panel.targets.map((target) => target.legendFormat).filter((name) => name !== '-');
  panel.targets.forEach((target, place) => {
    for (const row of answers[panel.id]?.[place] ?? []) {
      const {__name__: _, ...metric} = row.metric;
      Object.keys(metric).forEach((label) => labels.add(label));
      const key = JSON.stringify(metric);
      if (!found.has(key)) found.set(key, {...metric});
      if (target.legendFormat !== '-') found.get(key)[target.legendFormat] = +row.values[row.values.length - 1][1];
    }
  });
  const all = [...found.values()];
  const [sort] = panel.options.sortBy ?? [];
  if (sort) all.sort((a, b) => (b[sort.displayName] ?? -Infinity) - (a[sort.displayName] ?? -Infinity));
  return [toDataFrame({
    fields: [
      ...[...labels].map((name) => ({name, type: FieldType.string, values: all.map((row) => row[name] ?? '')})),
      ...columns.map((name) => ({name, type: FieldType.number, values: all.map((row) => row[name] ?? null)})),
    ],
  })];
}

/** Units, colours and bounds put on the fields, and the overrides of single ones. */
function configured(panel, data) {
  const {defaults, overrides} = panel.fieldConfig;
  for (const frame of data) {
    for (const field of frame.fields) {
      if (field.type === FieldType.time) continue;
      field.config = {...defaults, ...field.config};
      // What a heatmap counts has no unit.
      if (panel.type === 'heatmap') field.config.unit = 'short';
      for (const {matcher, properties} of overrides) {
        if (getFieldDisplayName(field, frame, data) !== matcher.options) continue;
        for (const {id, value} of properties) field.config[id] = value;
      }
    }
  }
  // Colours follow the place of a series.
  data.forEach((frame, place) => {
    for (const field of frame.fields) {
      const numbers = field.values.filter((value) => typeof value === 'number');
      const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
      field.state = {...field.state, seriesIndex: place, range: {min, max, delta: max - min}};
      field.display = getDisplayProcessor({field, theme, timeZone: 'utc'});
    }
  });
  return data;
}

function Drawn({panel, width, height}) {
  const data = configured(panel, panel.type === 'table' ? rows(panel) : series(panel));
  if (data.length === 0 || data.every((frame) => frame.length === 0)) return <div className="empty">No data</div>;
  if (panel.type === 'table') return <Table data={data[0]} width={width} height={height} />;
  if (panel.type === 'timeseries' || panel.type === 'heatmap') {
    // The heatmap is no part of @grafana/ui: its buckets are drawn as lines.
    const frames = data.map((frame) => {
      for (const field of frame.fields) field.config.custom = {...panel.fieldConfig.defaults.custom, ...(panel.type === 'heatmap' ? {drawStyle: 'line', lineWidth: 1, fillOpacity: 20, stacking: {mode: 'normal', group: 'A'}} : {})};
      return frame;
    });
    const legend = panel.options.legend.displayMode ? panel.options.legend : {displayMode: 'list', placement: 'bottom', showLegend: true, calcs: []};
    return <TimeSeries frames={frames} width={width} height={height} timeRange={range} timeZone="utc" legend={legend} />;
  }
  const values = getFieldDisplayValues({
    data, theme, fieldConfig: panel.fieldConfig, reduceOptions: panel.options.reduceOptions, replaceVariables: (text) => text,
    sparkline: panel.options.graphMode === 'area', timeZone: 'utc',
  });
  const each = height / Math.min(values.length, 6);
  return values.slice(0, 6).map((value, place) => {
    const key = `${place}`;
    if (panel.type === 'bargauge' || panel.type === 'gauge') {
      return <BarGauge key={key} theme={theme} width={width} height={each} field={value.field} value={value.display} display={value.view?.getFieldDisplayProcessor(value.colIndex)} orientation="horizontal" displayMode="basic" namePlacement="hidden" showUnfilled itemSpacing={8} />;
    }
    return <BigValue key={key} theme={theme} width={width} height={each} value={value.display} sparkline={value.sparkline} colorMode="value" graphMode="area" justifyMode="auto" textMode="auto" />;
  });
}

function Board() {
  const end = Math.max(...dashboard.panels.map((panel) => panel.gridPos.y + panel.gridPos.h));
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div id="board" style={{position: 'relative', width: 24 * COLUMN, height: end * ROW + 50, background: theme.colors.background.canvas}}>
        <h3 style={{position: 'absolute', left: 8, top: 8}}>{dashboard.title}</h3>
        {dashboard.panels.map((panel) => {
          const {x, y, w, h} = panel.gridPos;
          const place = {position: 'absolute', left: x * COLUMN, top: 44 + y * ROW};
          if (panel.type === 'row') return <h4 key={panel.id} style={{...place, paddingLeft: 8}}>{panel.title}</h4>;
          return (
            <div key={panel.id} style={place}>
              <PanelChrome title={panel.title} description={panel.description} width={w * COLUMN - 8} height={h * ROW - 8}>
                {(width, height) => <Drawn panel={panel} width={width} height={height} />}
              </PanelChrome>
            </div>
          );
        })}
      </div>
    </ThemeContext.Provider>
  );
}

createRoot(document.getElementById('root')).render(<Board />);

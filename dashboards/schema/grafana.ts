// What grafana.schema.json is made of: Grafana's own types, narrowed to what a dashboard here may be.
// README.md says how to make it again.
import type * as schema from '@grafana/schema';
import type * as bargauge from './node_modules/@grafana/schema/dist/types/raw/composable/bargauge/panelcfg/x/types.gen';
import type * as gauge from './node_modules/@grafana/schema/dist/types/raw/composable/gauge/panelcfg/x/types.gen';
import type * as heatmap from './node_modules/@grafana/schema/dist/types/raw/composable/heatmap/panelcfg/x/types.gen';
import type * as logs from './node_modules/@grafana/schema/dist/types/raw/composable/logs/panelcfg/x/types.gen';
import type * as stat from './node_modules/@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen';
import type * as statetimeline from './node_modules/@grafana/schema/dist/types/raw/composable/statetimeline/panelcfg/x/types.gen';
import type * as table from './node_modules/@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen';
import type * as text from './node_modules/@grafana/schema/dist/types/raw/composable/text/panelcfg/x/types.gen';
import type * as timeseries from './node_modules/@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen';
// The last releases of @grafana/schema that have these queries; later ones ship with the plugins.
import type * as loki from './node_modules/grafana-schema-loki/dist/types/raw/composable/loki/dataquery/x/types.gen';
import type * as prometheus from './node_modules/grafana-schema-prometheus/dist/esm/raw/composable/prometheus/dataquery/x/PrometheusDataQuery_types.gen';

interface Datasource {
  type: string;
  uid: string;
}

interface Dashboard extends Omit<schema.Dashboard, 'annotations' | 'panels' | 'schemaVersion'> {
  annotations?: { list?: Annotation[] };
  panels: object[];
  // That of Grafana 13: an older one is migrated by the reader's browser, each time.
  schemaVersion: 42;
  title: string;
  uid: string;
}

interface Row extends Omit<schema.RowPanel, 'panels'> {
  panels: object[];
}

interface Panel extends Omit<schema.Panel, 'datasource' | 'fieldConfig' | 'options' | 'targets'> {
  datasource?: Datasource;
  fieldConfig?: FieldConfig;
  gridPos: schema.GridPos;
  id: number;
  options: object;
  targets?: object[];
  title: string;
}

// What is only an object or unknown here has a type of its own below, by plugin or by property.
interface FieldConfig {
  defaults: object;
  overrides: Array<{ matcher: schema.MatcherConfig; properties: Array<{ id: string; value: unknown }> }>;
}

interface FieldDefaults extends Omit<schema.FieldConfig, 'custom' | 'links'> {
  custom?: object;
  links?: DataLink[];
}

// Grafana's documentation, "Configure data links"; the types say `unknown`.
interface DataLink {
  oneClick?: boolean;
  targetBlank?: boolean;
  title: string;
  url: string;
}

// Grafana's documentation, "Annotate visualizations": the fields that only Prometheus' events have.
interface Annotation extends Omit<schema.AnnotationQuery, 'snapshotData' | 'target'> {
  tagKeys?: string;
  target?: PrometheusQuery | schema.AnnotationQuery['target'];
  textFormat?: string;
  titleFormat?: string;
  useValueForTime?: boolean;
}

interface PrometheusQuery extends Omit<prometheus.PrometheusDataQuery, 'datasource' | 'intervalFactor'> {
  datasource?: Datasource;
  // Grafana's documentation, "Prometheus query editor", Min step.
  interval?: string;
}

interface LokiQuery extends Omit<loki.LokiDataQuery, 'datasource' | 'instant' | 'range' | 'resolution'> {
  datasource?: Datasource;
  // Declared beside the query, and not in it.
  direction?: loki.LokiQueryDirection;
}

// Grafana's documentation, "Alert list"; no release of @grafana/schema has its options.
interface AlertlistOptions {
  alertInstanceLabelFilter?: string;
  alertName?: string;
  dashboardAlerts?: boolean;
  datasource?: string;
  groupBy?: string[];
  groupMode?: 'custom' | 'default';
  maxItems?: number;
  showInactiveAlerts?: boolean;
  showInstances?: boolean;
  // In the order of its menu: A to Z, Z to A, by importance, oldest first, newest first.
  sortOrder?: 1 | 2 | 3 | 4 | 5;
  stateFilter?: {
    error?: boolean;
    firing?: boolean;
    noData?: boolean;
    normal?: boolean;
    pending?: boolean;
    recovering?: boolean;
  };
  viewMode?: 'list' | 'stat';
}

// @grafana/data 13.2.3, transformations/transformers; `configFromData` in the documentation.
interface Transformers {
  configFromData: {
    applyTo?: schema.MatcherConfig;
    configRefId: string;
    mappings: Array<{ fieldName: string; handlerKey: string; reducerId?: string }>;
  };
  merge: Nothing;
  organize: {
    excludeByName: Record<string, boolean>;
    includeByName?: Record<string, boolean>;
    indexByName?: Record<string, number>;
    renameByName?: Record<string, string>;
  };
}

interface Plugin<Options, Custom> {
  options: Options;
  custom: Custom;
}

// A plugin without fields of its own, or a transformation without options.
interface Nothing {}

export interface Grafana {
  dashboard: Dashboard;
  panel: Panel;
  row: Row;
  fieldDefaults: FieldDefaults;
  // Which fields an override is for, and by what, by id.
  matchers: { byFrameRefID: string; byName: string; byRegexp: string; byType: string };
  transformers: Transformers;
  // By the type of the data source.
  queries: { loki: LokiQuery; prometheus: PrometheusQuery };
  // By the type of the panel.
  plugins: {
    alertlist: Plugin<AlertlistOptions, Nothing>;
    bargauge: Plugin<bargauge.Options, Nothing>;
    gauge: Plugin<gauge.Options, Nothing>;
    heatmap: Plugin<heatmap.Options, heatmap.FieldConfig>;
    logs: Plugin<logs.Options, Nothing>;
    stat: Plugin<stat.Options, Nothing>;
    'state-timeline': Plugin<statetimeline.Options, statetimeline.FieldConfig>;
    table: Plugin<table.Options, Partial<table.FieldConfig>>;
    text: Plugin<text.Options, Nothing>;
    timeseries: Plugin<timeseries.Options, timeseries.FieldConfig>;
  };
}

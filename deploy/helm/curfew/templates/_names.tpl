{{/* The name of everything of one part. */}}
{{- define "curfew.name" -}}
{{ .root.Release.Name }}-{{ .part }}
{{- end }}

{{- define "curfew.labels" -}}
app.kubernetes.io/name: curfew
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "curfew.image" -}}
{{ required "image.repository must be set" .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}

{{/* Nothing in a pod may become more than it is. */}}
{{- define "curfew.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "curfew.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* Addresses and settings that all three share. */}}
{{- define "curfew.settings" -}}
- { name: CURFEW_MODE, value: production }
- { name: CURFEW_ISSUER, value: {{ required "issuer must be set" .Values.issuer | quote }} }
- { name: CURFEW_ADMIN_URL, value: {{ .Values.adminUrl | quote }} }
{{- if .Values.consoleUrl }}
- { name: CURFEW_CONSOLE_URL, value: {{ .Values.consoleUrl | quote }} }
{{- end }}
- { name: CURFEW_GATEWAY_URL, value: {{ .Values.gatewayUrl | quote }} }
# Kubernetes takes a pod out of its Service while it tells the process to stop: until everybody knows, the process goes on taking requests.
- { name: CURFEW_SHUTDOWN_DELAY, value: "{{ .Values.shutdown.delaySeconds }}s" }
- { name: CURFEW_SHUTDOWN_GRACE, value: "{{ .Values.shutdown.graceSeconds }}s" }
{{- range $name, $value := .Values.settings }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}

{{/* A pod is killed only after the process had both of its times, and a little for its farewell. */}}
{{- define "curfew.patience" -}}
{{ add .Values.shutdown.delaySeconds .Values.shutdown.graceSeconds 10 }}
{{- end }}

{{/* The ways to the database. Migrations take the direct one: their lock belongs to a session of the server, which a pooler hands on. */}}
{{- define "curfew.addresses" -}}
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ .Values.secretName }}, key: DATABASE_URL } }
# Where DATABASE_URL is a pooler: the server itself. Without this entry it is the same.
- name: DATABASE_DIRECT_URL
  valueFrom: { secretKeyRef: { name: {{ .Values.secretName }}, key: DATABASE_DIRECT_URL, optional: true } }
{{- end }}

{{- define "curfew.database" -}}
- { name: CURFEW_STATE_FOLDER, value: /var/lib/curfew }
{{ include "curfew.addresses" . }}
- name: CURFEW_KEY_ENCRYPTION_SECRETS
  valueFrom: { secretKeyRef: { name: {{ .Values.secretName }}, key: CURFEW_KEY_ENCRYPTION_SECRETS } }
# It has a password in it.
- name: CURFEW_SMTP_URL
  valueFrom: { secretKeyRef: { name: {{ .Values.secretName }}, key: CURFEW_SMTP_URL, optional: true } }
{{- end }}

{{/* Where a network policy lets a pod reach the database, and the server itself where the first is a pooler. */}}
{{- define "curfew.databaseEgress" -}}
- ports:
    - port: {{ .Values.networkPolicy.databasePort }}
    {{- with .Values.networkPolicy.databaseDirectPort }}
    - port: {{ . }}
    {{- end }}
  {{- with .Values.networkPolicy.databaseTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Ready is asked often, so that a pod that stops gets nothing new; alive is asked patiently, because a database that is gone is no reason to die. */}}
{{- define "curfew.probes" -}}
startupProbe:
  httpGet: { path: /health/live, port: http }
  periodSeconds: 2
  failureThreshold: 30
readinessProbe:
  httpGet: { path: /health/ready, port: http }
  periodSeconds: 2
  timeoutSeconds: 3
livenessProbe:
  httpGet: { path: /health/live, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}

{{/* What a process remembers of its database is kept in its pod, or in a volume that outlives the pod and comes back with its name. */}}
{{- define "curfew.stateKind" -}}
{{ if .Values.state.storage }}StatefulSet{{ else }}Deployment{{ end }}
{{- end }}

{{/* A pod with a volume of its own is replaced in place, so one is missing while it is; without one, a new pod comes first. */}}
{{- define "curfew.stateUpdates" -}}
{{- if .root.Values.state.storage -}}
serviceName: {{ include "curfew.name" . }}
podManagementPolicy: Parallel
updateStrategy: { type: RollingUpdate }
{{- else -}}
strategy:
  rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
{{- end }}
{{- end }}

{{- define "curfew.stateClaims" -}}
{{- with .Values.state }}
{{- if .storage -}}
volumeClaimTemplates:
  - metadata: { name: state }
    spec:
      accessModes: [ReadWriteOnce]
      {{- with .storageClassName }}
      storageClassName: {{ . }}
      {{- end }}
      resources: { requests: { storage: {{ .storage }} } }
{{- end }}
{{- end }}
{{- end }}

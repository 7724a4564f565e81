# What wakes somebody, what a person looks at, and a look from outside. docs/operations.md says of each
# alert what it means and what to do.
locals {
  alerts = {
    gateway-errors = {
      query   = "sum(rate(mamparo_gateway_requests_total{code=\"5xx\"}[5m])) / sum(rate(mamparo_gateway_requests_total[5m])) > 0.01"
      for     = "300s"
      meaning = "More than one answer in a hundred is a failure of ours."
    }
    replica-lag = {
      query   = "max(mamparo_replica_lag_milliseconds) > 10000"
      for     = "120s"
      meaning = "A replica is more than 10 s behind, and takes no traffic."
    }
    no-relay = {
      query   = "(sum(mamparo_relay_leading) or vector(0)) < 1"
      for     = "60s"
      meaning = "No write server holds the replication slot: writes are kept, replicas grow old."
    }
    log-kept = {
      query   = "max(mamparo_relay_wal_kept_bytes) > 4e9"
      for     = "300s"
      meaning = "The slot keeps 4 GB of write-ahead log: a replica or Redis is away. At 8 GB it is given up."
    }
    dead-letters = {
      query   = "max(mamparo_replica_dead_letters) > 0"
      for     = "60s"
      meaning = "A replica has put an event aside that it cannot apply."
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  count = var.email == "" ? 0 : 1

  display_name = "Mamparo ${var.name}"
  type         = "email"
  labels       = { email_address = var.email }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  display_name          = "${var.name}: ${each.key}"
  combiner              = "OR"
  notification_channels = google_monitoring_notification_channel.email[*].id

  documentation {
    content = "${each.value.meaning} See docs/operations.md, `${each.key}`."
  }

  conditions {
    display_name = each.key

    condition_prometheus_query_language {
      query               = each.value.query
      duration            = each.value.for
      evaluation_interval = "30s"
    }
  }
}

resource "google_monitoring_uptime_check_config" "this" {
  display_name = "${var.name}: a page, from outside"
  timeout      = "10s"
  period       = "60s"

  http_check {
    path         = "/v1/openapi.json"
    port         = var.is_secure ? 443 : 80
    use_ssl      = var.is_secure
    validate_ssl = var.is_secure
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = var.host
    }
  }
}

resource "google_monitoring_alert_policy" "unreachable" {
  display_name          = "${var.name}: unreachable"
  combiner              = "OR"
  notification_channels = google_monitoring_notification_channel.email[*].id

  documentation {
    content = "The system does not answer from outside. See docs/operations.md, `unreachable`."
  }

  conditions {
    display_name = "unreachable"

    condition_threshold {
      filter          = "resource.type = \"uptime_url\" AND metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id = \"${google_monitoring_uptime_check_config.this.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "120s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }
}

resource "google_monitoring_dashboard" "this" {
  dashboard_json = jsonencode({
    displayName = "Mamparo ${var.name}"
    gridLayout = {
      columns = 2
      widgets = [for title, query in {
        "Answers by status, each second"   = "sum by (code) (rate(mamparo_gateway_requests_total[1m]))"
        "Slowest request in a hundred (s)" = "histogram_quantile(0.99, sum by (le) (rate(mamparo_http_request_seconds_bucket[1m])))"
        "Refusals by reason, each second"  = "sum by (reason) (rate(mamparo_gateway_refusals_total[1m]))"
        "Replicas' lag (ms)"               = "max by (instance) (mamparo_replica_lag_milliseconds)"
        "Events published, each second"    = "sum(rate(mamparo_relay_published_total[1m]))"
        "Write-ahead log that is kept (B)" = "max(mamparo_relay_wal_kept_bytes)"
        } : {
        title   = title
        xyChart = { dataSets = [{ timeSeriesQuery = { prometheusQuery = query } }] }
      }]
    }
  })
}

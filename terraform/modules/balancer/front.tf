# In front of the backend: plain HTTP; with a domain HTTPS, and HTTP only sends there.
locals {
  is_secure = var.domain != ""
}

resource "google_compute_managed_ssl_certificate" "this" {
  count = local.is_secure ? 1 : 0

  name = "${var.name}-${replace(var.domain, ".", "-")}"

  managed {
    domains = [var.domain]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_ssl_policy" "this" {
  count = local.is_secure ? 1 : 0

  name            = var.name
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "this" {
  count = local.is_secure ? 1 : 0

  name                        = var.name
  url_map                     = google_compute_url_map.this.id
  ssl_certificates            = [google_compute_managed_ssl_certificate.this[0].id]
  ssl_policy                  = google_compute_ssl_policy.this[0].id
  http_keep_alive_timeout_sec = 610
}

resource "google_compute_global_forwarding_rule" "https" {
  count = local.is_secure ? 1 : 0

  name                  = "${var.name}-https"
  target                = google_compute_target_https_proxy.this[0].id
  ip_address            = google_compute_global_address.this.id
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}

resource "google_compute_url_map" "to_https" {
  count = local.is_secure ? 1 : 0

  name = "${var.name}-to-https"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "MOVED_PERMANENTLY_DEFAULT"
    strip_query            = false
  }
}

resource "google_compute_target_http_proxy" "this" {
  name                        = var.name
  url_map                     = local.is_secure ? google_compute_url_map.to_https[0].id : google_compute_url_map.this.id
  http_keep_alive_timeout_sec = 610
}

resource "google_compute_global_forwarding_rule" "http" {
  name                  = "${var.name}-http"
  target                = google_compute_target_http_proxy.this.id
  ip_address            = google_compute_global_address.this.id
  port_range            = "80"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}

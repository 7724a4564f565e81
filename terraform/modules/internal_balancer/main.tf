# One name for a role's servers, within the network, for whoever does not look in Redis. It passes
# connections through: nothing of ours or of Google's stands in the way of the bytes, and only servers
# that are ready are given new ones.
resource "google_compute_region_health_check" "ready" {
  name                = "${var.name}-ready"
  region              = var.region
  check_interval_sec  = 2
  timeout_sec         = 1
  healthy_threshold   = 2
  unhealthy_threshold = 2

  http_health_check {
    port         = var.admin_port
    request_path = "/readyz"
  }
}

resource "google_compute_region_backend_service" "this" {
  name                            = var.name
  region                          = var.region
  protocol                        = "TCP"
  load_balancing_scheme           = "INTERNAL"
  health_checks                   = [google_compute_region_health_check.ready.id]
  connection_draining_timeout_sec = 30

  backend {
    group          = var.instances
    balancing_mode = "CONNECTION"
  }
}

resource "google_compute_forwarding_rule" "this" {
  name                  = var.name
  region                = var.region
  load_balancing_scheme = "INTERNAL"
  backend_service       = google_compute_region_backend_service.this.id
  network               = var.network
  subnetwork            = var.subnetwork
  ip_protocol           = "TCP"
  ports                 = [var.port]
}

resource "google_dns_record_set" "this" {
  managed_zone = var.zone.name
  name         = "${var.role}.${var.zone.domain}"
  type         = "A"
  ttl          = 30
  rrdatas      = [google_compute_forwarding_rule.this.ip_address]
}

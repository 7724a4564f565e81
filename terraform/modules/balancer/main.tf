# The one way in: Google's global load balancer, before the gateways.
resource "google_compute_health_check" "ready" {
  name                = "${var.name}-ready"
  check_interval_sec  = 2
  timeout_sec         = 1
  healthy_threshold   = 2
  unhealthy_threshold = 2

  http_health_check {
    port         = var.admin_port
    request_path = "/readyz"
  }
}

# Connections to a gateway are kept for 610 s by the balancer, and for 620 by the gateway, so that it is
# never the gateway that hangs up on a request under way.
resource "google_compute_backend_service" "this" {
  name                            = var.name
  protocol                        = "HTTP"
  port_name                       = "http"
  load_balancing_scheme           = "EXTERNAL_MANAGED"
  timeout_sec                     = 30
  connection_draining_timeout_sec = 30
  health_checks                   = [google_compute_health_check.ready.id]
  security_policy                 = one(google_compute_security_policy.this[*].id)

  backend {
    group           = var.instances
    balancing_mode  = "UTILIZATION"
    max_utilization = 0.9
    capacity_scaler = 1
  }

  log_config {
    enable      = true
    sample_rate = 0.1
  }
}

resource "google_compute_security_policy" "this" {
  count = var.requests_per_minute > 0 ? 1 : 0

  name = var.name

  rule {
    action      = "throttle"
    priority    = 1000
    description = "So many requests a minute from one address, and no more."

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      rate_limit_threshold {
        count        = var.requests_per_minute
        interval_sec = 60
      }
    }
  }

  rule {
    action      = "allow"
    priority    = 2147483647
    description = "Everything else."

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}

resource "google_compute_url_map" "this" {
  name            = var.name
  default_service = google_compute_backend_service.this.id
}

resource "google_compute_global_address" "this" {
  name = var.name
}

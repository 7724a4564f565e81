# One role's servers: a template, a regional group of it, and what heals and scales the group.
resource "google_compute_region_instance_template" "this" {
  name_prefix  = "${var.name}-"
  region       = var.region
  machine_type = var.machine_type

  disk {
    source_image = var.image
    disk_type    = "pd-balanced"
    disk_size_gb = var.disk_gb
    boot         = true
    auto_delete  = true
  }

  network_interface {
    subnetwork = var.subnetwork
  }

  service_account {
    email  = var.account
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  # Settings, and where secrets are; never a secret.
  metadata = {
    block-project-ssh-keys = "true"
    enable-oslogin         = "TRUE"
    startup-script         = file("${path.module}/../../../startup/gce.sh")
    mamparo-unit           = file("${path.module}/../../../startup/mamparo.service")
    server-type            = var.role
    mamparo-release        = var.release.url
    mamparo-release-sha256 = var.release.sha256
    mamparo-settings       = join("\n", [for name, value in var.settings : "${name}=${value}"])
    mamparo-secrets        = join("\n", [for name, secret in var.secrets : "${name}=${secret}"])
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Whether the process turns; whether it should have traffic is the balancer's question, and another.
resource "google_compute_health_check" "alive" {
  name                = "${var.name}-alive"
  check_interval_sec  = 10
  timeout_sec         = 5
  healthy_threshold   = 2
  unhealthy_threshold = 6

  http_health_check {
    port         = var.admin_port
    request_path = "/livez"
  }
}

resource "google_compute_region_instance_group_manager" "this" {
  name                             = var.name
  region                           = var.region
  base_instance_name               = var.name
  target_size                      = var.size.max == var.size.min ? var.size.min : null
  distribution_policy_target_shape = "EVEN"

  version {
    instance_template = google_compute_region_instance_template.this.self_link
  }

  named_port {
    name = "http"
    port = var.port
  }

  auto_healing_policies {
    health_check      = google_compute_health_check.alive.id
    initial_delay_sec = var.first_boot_s
  }

  # Three new ones first, one for each zone; none goes before they serve.
  update_policy {
    type                         = "PROACTIVE"
    minimal_action               = "REPLACE"
    replacement_method           = "SUBSTITUTE"
    instance_redistribution_type = "PROACTIVE"
    max_surge_fixed              = 3
    max_unavailable_fixed        = 0
  }
}

resource "google_compute_region_autoscaler" "this" {
  count = var.size.max > var.size.min ? 1 : 0

  name   = var.name
  region = var.region
  target = google_compute_region_instance_group_manager.this.id

  autoscaling_policy {
    min_replicas    = var.size.min
    max_replicas    = var.size.max
    cooldown_period = var.size.initialisation_s

    cpu_utilization {
      target = var.size.cpu
    }
  }
}

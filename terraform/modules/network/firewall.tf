# Exactly the flows that exist, between identities rather than addresses. Whatever is not here is
# refused, by the rule that every network has. The databases and Redis are on Google's side of the
# peering: who uses them is decided by who can read their secrets.
locals {
  google_probes = ["130.211.0.0/22", "35.191.0.0/16"] # also where the external balancer comes from
  iap           = ["35.235.240.0/20"]
  flows = {
    gateway-to-write = { from = "bulkhead", to = "write" } # each server at its own address
    gateway-to-read  = { from = "bulkhead", to = "read" }
    read-to-write    = { from = "read", to = "write" } # a replica that fills itself
  }
}

resource "google_compute_firewall" "probes" {
  name                    = "${var.name}-probes"
  network                 = google_compute_network.this.id
  source_ranges           = local.google_probes
  target_service_accounts = values(var.accounts)

  allow {
    protocol = "tcp"
    ports    = [var.port, var.admin_port]
  }
}

resource "google_compute_firewall" "flow" {
  for_each = local.flows

  name                    = "${var.name}-${each.key}"
  network                 = google_compute_network.this.id
  source_service_accounts = [var.accounts[each.value.from]]
  target_service_accounts = [var.accounts[each.value.to]]

  allow {
    protocol = "tcp"
    ports    = [var.port]
  }
}

# Whoever may pass the Identity-Aware Proxy, and nobody else, comes by ssh.
resource "google_compute_firewall" "ssh" {
  name                    = "${var.name}-ssh"
  network                 = google_compute_network.this.id
  source_ranges           = local.iap
  target_service_accounts = values(var.accounts)

  allow {
    protocol = "tcp"
    ports    = [22]
  }
}

# The whole system: network → identity → data → write → read → bulkhead → balancer → monitoring.
# Each arrow is an output that the next one takes; an environment is this with other variables.
locals {
  port       = 8000
  admin_port = 8100

  # Where read servers fill themselves; the name is known before its balancer is there. A gateway is told
  # nothing: it finds each server in Redis.
  write_address = "write.${trimsuffix(module.network.zone.domain, ".")}:${local.port}"

  roles = {
    write = {
      machine      = var.write.machine, size = { min = var.write.servers, max = var.write.servers }
      first_boot_s = 180, disk_gb = 10, settings = {}
    }
    read = {
      machine = var.read.machine, size = { min = var.read.min, max = var.read.max, cpu = var.read.cpu }
      # Its PostgreSQL is installed, and then filled, before it is any use; it lives well before.
      first_boot_s = 300, disk_gb = var.read.disk_gb
      settings     = { WRITE_SERVERS = local.write_address }
    }
    bulkhead = {
      machine = var.bulkhead.machine, first_boot_s = 180, disk_gb = 10
      size = { min = var.bulkhead.min, max = var.bulkhead.max, cpu = var.bulkhead.cpu,
      initialisation_s = var.bulkhead.initialisation_s }
      settings = {}
    }
  }
}

module "identity" {
  source = "../modules/identity"

  project              = var.project
  name                 = var.name
  shared_read_database = var.shared_read_database
}

module "network" {
  source = "../modules/network"

  name       = var.name
  region     = var.region
  range      = var.range
  accounts   = module.identity.accounts
  port       = local.port
  admin_port = local.admin_port
}

module "release" {
  source = "../modules/release"

  project   = var.project
  name      = var.name
  region    = var.region
  file      = var.release
  accounts  = module.identity.accounts
  protected = var.protected
}

module "data" {
  source = "../modules/data"

  project              = var.project
  name                 = var.name
  region               = var.region
  network              = module.network.network
  sql_tier             = var.sql_tier
  highly_available     = var.highly_available
  protected            = var.protected
  shared_read_database = var.shared_read_database
  redis_tier           = var.redis_tier
  redis_gb             = var.redis_gb

  depends_on = [module.identity]
}

module "group" {
  source   = "../modules/group"
  for_each = local.roles

  name         = "${var.name}-${each.key}"
  region       = var.region
  role         = each.key
  subnetwork   = module.network.subnetwork
  account      = module.identity.accounts[each.key]
  machine_type = each.value.machine
  image        = var.image
  disk_gb      = each.value.disk_gb
  size         = each.value.size
  first_boot_s = each.value.first_boot_s
  release      = { url = module.release.url, sha256 = module.release.sha256 }
  secrets      = module.identity.secrets[each.key]
  port         = local.port
  admin_port   = local.admin_port
  settings = merge(each.value.settings, {
    LISTEN        = "0.0.0.0"
    PORT          = local.port
    ADMIN_PORT    = local.admin_port
    DRAIN_SECONDS = 20 # below the balancers' 30
  })

  depends_on = [module.data]
}

module "internal_balancer" {
  source = "../modules/internal_balancer"

  name       = "${var.name}-write-in"
  region     = var.region
  role       = "write"
  network    = module.network.network
  subnetwork = module.network.subnetwork
  zone       = module.network.zone
  instances  = module.group["write"].instances
  port       = local.port
  admin_port = local.admin_port
}

moved {
  from = module.internal_balancer["write"]
  to   = module.internal_balancer
}

module "balancer" {
  source = "../modules/balancer"

  name                = var.name
  instances           = module.group["bulkhead"].instances
  domain              = var.domain
  requests_per_minute = var.requests_per_minute
  admin_port          = local.admin_port
}

module "monitoring" {
  source = "../modules/monitoring"

  project   = var.project
  name      = var.name
  email     = var.alert_email
  host      = var.domain != "" ? var.domain : module.balancer.address
  is_secure = var.domain != ""
}

locals {
  tags = {
    "clouder-cluster"        = var.cluster_name
    "datalayer.io/cluster"   = var.cluster_name
    "datalayer.io/component" = "kubeadm"
  }

  machines = merge(
    { "${var.cluster_name}-master" = { role = "control-plane", size = var.control_plane_size } },
    {
      for number in range(1, var.worker_count + 1) :
      "${var.cluster_name}-node-${number}" => { role = "worker", size = var.worker_size }
    },
  )

  worker_names = [for number in range(1, var.worker_count + 1) : "${var.cluster_name}-node-${number}"]
}

resource "azurerm_user_assigned_identity" "control_plane" {
  name                = "${var.cluster_name}-identity"
  resource_group_name = azurerm_resource_group.cluster.name
  location            = var.region
  tags                = merge(local.tags, { "clouder-role" = "identity" })
}

# For the cloud's controllers, which run on the control plane; in this group and nowhere else.
resource "azurerm_role_assignment" "control_plane" {
  scope                = azurerm_resource_group.cluster.id
  role_definition_name = "Contributor"
  principal_id         = azurerm_user_assigned_identity.control_plane.principal_id
}

resource "azurerm_linux_virtual_machine" "machine" {
  for_each = local.machines

  name                            = each.key
  resource_group_name             = azurerm_resource_group.cluster.name
  location                        = var.region
  size                            = each.value.size
  admin_username                  = var.admin_user
  disable_password_authentication = true
  network_interface_ids           = [azurerm_network_interface.machine[each.key].id]
  secure_boot_enabled             = true
  vtpm_enabled                    = true
  tags                            = merge(local.tags, { "clouder-role" = each.value.role, "datalayer.io/role" = each.value.role })

  admin_ssh_key {
    username   = var.admin_user
    public_key = file(pathexpand(var.ssh_public_key_path))
  }

  os_disk {
    name                 = "${each.key}-disk"
    caching              = "ReadWrite"
    storage_account_type = "StandardSSD_LRS"
    disk_size_gb         = var.disk_gb
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = "0001-com-ubuntu-server-jammy"
    sku       = "22_04-lts-gen2"
    version   = "latest"
  }

  dynamic "identity" {
    for_each = each.value.role == "control-plane" ? [azurerm_user_assigned_identity.control_plane.id] : []

    content {
      type         = "UserAssigned"
      identity_ids = [identity.value]
    }
  }

  lifecycle {
    ignore_changes = [source_image_reference]
  }
}

resource "azurerm_container_registry" "own" {
  count = var.registry_name == null ? 0 : 1

  name                = var.registry_name
  resource_group_name = azurerm_resource_group.cluster.name
  location            = var.region
  sku                 = "Basic"
  admin_enabled       = false
  tags                = merge(local.tags, { "clouder-role" = "registry" })
}

module "cluster" {
  source = "../common"

  cluster_name         = var.cluster_name
  cloud                = "azure"
  region               = var.region
  account              = var.subscription_id
  network_id           = azurerm_virtual_network.cluster.id
  ssh_user             = var.admin_user
  ssh_private_key_path = var.ssh_private_key_path
  kubernetes_version   = var.kubernetes_version
  registry             = var.registry_name == null ? "" : azurerm_container_registry.own[0].login_server
  generated_folder     = abspath("${path.root}/../generated")

  control_plane = {
    name       = "${var.cluster_name}-master"
    private_ip = azurerm_linux_virtual_machine.machine["${var.cluster_name}-master"].private_ip_address
    public_ip  = azurerm_public_ip.machine["${var.cluster_name}-master"].ip_address
    size       = var.control_plane_size
  }

  workers = [
    for name in local.worker_names : {
      name       = name
      private_ip = azurerm_linux_virtual_machine.machine[name].private_ip_address
      public_ip  = azurerm_public_ip.machine[name].ip_address
      size       = var.worker_size
    }
  ]
}

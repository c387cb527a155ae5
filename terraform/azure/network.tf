resource "azurerm_resource_group" "cluster" {
  name     = "${var.cluster_name}-rg"
  location = var.region
  tags     = merge(local.tags, { "clouder-role" = "group" })
}

resource "azurerm_virtual_network" "cluster" {
  name                = "${var.cluster_name}-vnet"
  resource_group_name = azurerm_resource_group.cluster.name
  location            = var.region
  address_space       = [var.vnet_cidr]
  tags                = merge(local.tags, { "clouder-role" = "network" })
}

resource "azurerm_subnet" "cluster" {
  name                 = "${var.cluster_name}-subnet"
  resource_group_name  = azurerm_resource_group.cluster.name
  virtual_network_name = azurerm_virtual_network.cluster.name
  address_prefixes     = [cidrsubnet(var.vnet_cidr, 8, 0)]
}

# Nodes among themselves may do all by Azure's own rule for a VNet.
resource "azurerm_network_security_group" "cluster" {
  name                = "${var.cluster_name}-nsg"
  resource_group_name = azurerm_resource_group.cluster.name
  location            = var.region
  tags                = merge(local.tags, { "clouder-role" = "firewall" })

  security_rule {
    name                       = "AllowSSH"
    priority                   = 1000
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    source_address_prefixes    = var.allowed_ssh_cidrs
    destination_address_prefix = "*"
    destination_port_range     = "22"
  }

  security_rule {
    name                       = "AllowK8sAPI"
    priority                   = 1100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    source_address_prefixes    = var.allowed_ssh_cidrs
    destination_address_prefix = "*"
    destination_port_range     = "6443"
  }
}

resource "azurerm_subnet_network_security_group_association" "cluster" {
  subnet_id                 = azurerm_subnet.cluster.id
  network_security_group_id = azurerm_network_security_group.cluster.id
}

resource "azurerm_public_ip" "machine" {
  for_each = local.machines

  name                = "${each.key}-ip"
  resource_group_name = azurerm_resource_group.cluster.name
  location            = var.region
  sku                 = "Standard"
  allocation_method   = "Static"
  tags                = merge(local.tags, { "clouder-role" = each.value.role })
}

resource "azurerm_network_interface" "machine" {
  for_each = local.machines

  name                  = "${each.key}-nic"
  resource_group_name   = azurerm_resource_group.cluster.name
  location              = var.region
  ip_forwarding_enabled = true
  tags                  = merge(local.tags, { "clouder-role" = each.value.role })

  ip_configuration {
    name                          = "primary"
    subnet_id                     = azurerm_subnet.cluster.id
    private_ip_address_allocation = "Dynamic"
    public_ip_address_id          = azurerm_public_ip.machine[each.key].id
  }
}
